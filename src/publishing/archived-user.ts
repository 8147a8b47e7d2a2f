import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { LostRaceError, messageOf, TopshelfError, UnreachableError } from '../domain/errors.ts';
import { encodeItems, type RankedPair } from '../domain/prediction.ts';
import { predictionsKey, versionOfPredictions, versionsPrefix } from './archive-keys.ts';
import { copyWithout } from './check/erased-users.ts';
import type { PublisherContext } from './context.ts';
import { machineFault, openWorkbench } from './input/duckdb.ts';
import { backOff, MAX_ATTEMPTS } from './retry.ts';
import { sqlText } from './sql-text.ts';

type Reader = Pick<PublisherContext, 'archive' | 'memoryLimitBytes' | 'tempDir'>;

/** A local copy of an archived file, and the state of the file that it was made of. */
interface Copy {
  readonly path: string;
  readonly state: string;
}

/** One user in the archived predictions, by version. */
export interface ArchivedUsers {
  /** The items of the user as the table had them; null where the version has none, undefined where it has no archive. */
  itemsOf(placement: string, version: string, userId: string): Promise<string | null | undefined>;
  /** Takes the user out of the version's file; resolves with whether it held them. Reads back that it does not now. */
  erase(placement: string, version: string, userId: string): Promise<boolean>;
  /** Removes what was copied here. */
  close(): Promise<void>;
}

/** The versions of a placement that the archive holds the predictions of, newest first. */
export async function archivedVersions(
  { archive }: Pick<PublisherContext, 'archive'>,
  placement: string,
  signal: AbortSignal,
): Promise<string[]> {
  const keys = await archive.list(versionsPrefix(placement), signal);
  return keys
    .map((key) => versionOfPredictions(placement, key))
    .filter((version) => version !== undefined)
    .reverse();
}

/** Opens a place where archived predictions are copied to and read by DuckDB, one file at a time. */
export async function openArchivedUsers(
  { archive, memoryLimitBytes, tempDir }: Reader,
  signal: AbortSignal,
): Promise<ArchivedUsers> {
  const workbench = await openWorkbench({ memoryLimitBytes, tempDir, signal });
  const connection = await workbench.connect();
  let copies = 0;
  // A new name for each copy: nothing that DuckDB remembers of a file may be about another one.
  const newPath = () => join(workbench.folder, `archived-${++copies}.parquet`);

  /** Runs `work` on a copy of the object; null stands for one that is not there. */
  async function withCopy<T>(key: string, work: (copy: Copy | null) => Promise<T>): Promise<T> {
    const path = newPath();
    try {
      const state = await archive.getFile(key, path, signal);
      return await work(state === null ? null : { path, state });
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof TopshelfError) throw error;
      const why = `${key} in the archive cannot be read: ${messageOf(error)}`;
      throw machineFault(error) ?? new UnreachableError(why, { cause: error });
    } finally {
      await rm(path, { force: true });
    }
  }
  const pairsIn = async (file: string, userId: string): Promise<RankedPair[]> => {
    const result = await connection.runAndReadAll(
      `SELECT productId, score FROM read_parquet(${sqlText(file)}) WHERE userId = ${sqlText(userId)} ORDER BY position`,
    );
    return result.getRows().map(([productId, score]) => [String(productId), Number(score)]);
  };

  /** Resolves with whether the file held the user. Rejects with LostRaceError where it was replaced meanwhile. */
  const takeOut = (key: string, userId: string): Promise<boolean> =>
    withCopy(key, async (copy) => {
      if (copy === null || (await pairsIn(copy.path, userId)).length === 0) return false;
      const path = newPath();
      await copyWithout(connection, userId, { from: copy.path, to: path });
      const { state } = copy;
      await archive.replaceForErasure(key, { path, state }, signal).finally(() => rm(path, { force: true }));
      return true;
    });

  return {
    itemsOf(placement, version, userId) {
      return withCopy(predictionsKey(placement, version), async (copy) => {
        if (copy === null) return undefined;
        const pairs = await pairsIn(copy.path, userId);
        return pairs.length === 0 ? null : encodeItems(pairs);
      });
    },

    async erase(placement, version, userId) {
      const key = predictionsKey(placement, version);
      let held = false;
      for (let attempt = 0; ; attempt++) {
        try {
          held = (await takeOut(key, userId)) || held;
          break;
        } catch (error) {
          if (!(error instanceof LostRaceError) || attempt + 1 >= MAX_ATTEMPTS) throw error;
          // Another user is being erased from the same file: what that left is what this user is taken out of now.
          held = true;
          await backOff(attempt, signal);
        }
      }
      if (!held) return false;
      const isThere = async (copy: Copy | null) =>
        copy === null || (await pairsIn(copy.path, userId)).length > 0;
      if (await withCopy(key, isThere)) {
        throw new UnreachableError(
          `${key} in the archive still holds the user after it was replaced; erase again`,
        );
      }
      return true;
    },

    close: () => workbench.close(),
  };
}
