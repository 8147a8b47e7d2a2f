import { randomInt } from 'node:crypto';
import { NotFoundError, StoreError, TableMissingError, UsageError } from '../domain/errors.ts';
import { isPlacement, shown, userIdFault } from '../domain/ids.ts';
import { newVersion, parseTableName } from '../domain/version.ts';
import { allChecksPrefix, erasureKey, runsPrefix, versionsPrefix } from './archive-keys.ts';
import { archivedVersions, openArchivedUsers, type ArchivedUsers } from './archived-user.ts';
import { authorship } from './commit.ts';
import type { PublisherContext } from './context.ts';
import { hashedUser, writeErasure, type ErasedFrom } from './erasure-record.ts';
import { sealOrNull } from './pointer-state.ts';
import { retried } from './retry.ts';

export interface EraseRequest {
  readonly userId: string;
  /** One placement; all that have tables, pointers or archives where it is not given. */
  readonly placement?: string | undefined;
  readonly reason: string;
}

/** What was done for one placement. */
export interface Erased {
  readonly placement: string;
  /** The versions that held the user; nowhere any more. */
  readonly foundIn: readonly ErasedFrom[];
  readonly readBack: { readonly tables: number; readonly archives: number; readonly foundAgain: 0 };
  /** Key of the record in the archive. */
  readonly record: string;
  readonly warnings: readonly string[];
}

/**
 * Takes a user out of every retained table and archived file, reads all of them again, and records that without the
 * user's id. The pointer is not written: servers keep their cache over a new epoch of the same version, so it would
 * hasten nothing. Rejects with UsageError for what is no user id, and with StoreError where the user is still found.
 * What was done before a failure stays done; running it again does the rest.
 */
export async function erase(
  context: PublisherContext,
  { userId, placement, reason }: EraseRequest,
  signal: AbortSignal,
): Promise<Erased[]> {
  const fault = userIdFault(userId);
  if (fault !== undefined) throw new UsageError(`user id ${shown(userId)} ${fault}`);
  const { by } = authorship(context, 0, reason);
  const tables = await tablesByPlacement(context, signal);
  const known = await placementsOf(context, tables, signal);
  if (placement !== undefined && !known.includes(placement)) {
    throw new NotFoundError(
      `placement ${placement} has no table, pointer or archive; there are: ${known.join(', ')}`,
    );
  }
  const placements = placement === undefined ? known : [placement];
  const archived = await openArchivedUsers(context, signal);
  const erased: Erased[] = [];
  try {
    for (const each of placements) {
      const work = { placement: each, tables: tables.get(each) ?? [], userId, by, reason };
      erased.push(await eraseFrom(context, archived, work, signal));
    }
  } finally {
    await archived.close();
  }
  return erased;
}

interface Table {
  readonly version: string;
  readonly table: string;
}

interface Work {
  readonly placement: string;
  readonly tables: readonly Table[];
  readonly userId: string;
  readonly by: string;
  readonly reason: string;
}

async function eraseFrom(
  context: PublisherContext,
  archived: ArchivedUsers,
  { placement, tables, userId, by, reason }: Work,
  signal: AbortSignal,
): Promise<Erased> {
  const found = new Map<string, ErasedFrom>();
  const at = (version: string) => found.get(version) ?? { version, table: null, archive: false };
  const warnings: string[] = [];
  for (const { version, table } of tables) {
    if ((await sealOrNull(context.tables, table, signal)) === null) {
      warnings.push(
        `table ${table} has no seal: if its load is under way, it may write the user yet. Erase again once it has ended.`,
      );
    }
    const held = await unlessGone(false, () =>
      retried(() => context.tables.eraseUser(table, userId, signal), signal),
    );
    if (held) found.set(version, { ...at(version), table });
  }
  const versions = await archivedVersions(context, placement, signal);
  for (const version of versions) {
    if (await archived.erase(placement, version, userId))
      found.set(version, { ...at(version), archive: true });
  }
  await readBack(context, tables, userId, signal);
  const mentions = await mentionsOf(context, placement, userId, signal);
  warnings.push(...mentions.map((key) => `${key} in the archive mentions the user, and is kept as it is`));

  const now = context.now();
  const id = newVersion(now, randomInt(2 ** 24));
  const foundIn = [...found.values()];
  const proof = { tables: tables.length, archives: versions.length, foundAgain: 0 } as const;
  const who = { user: hashedUser(userId), by, reason, at: new Date(now).toISOString() };
  await writeErasure(context.archive, { id, placement, ...who, foundIn, readBack: proof }, signal);
  return { placement, foundIn, readBack: proof, record: erasureKey(placement, id), warnings };
}

async function readBack(
  { tables }: Pick<PublisherContext, 'tables'>,
  all: readonly Table[],
  userId: string,
  signal: AbortSignal,
): Promise<void> {
  for (const { table } of all) {
    const read = () => retried(() => tables.readBack(table, [userId], signal), signal);
    const stored = await unlessGone(new Map<string, string>(), read);
    if (stored.size > 0)
      throw new StoreError(`table ${table} still holds the user after the erasure; erase again`);
  }
}

/** Manifests, gate reports and records of runs that name the user: as a sample of a rejected row, say. */
async function mentionsOf(
  { archive }: Pick<PublisherContext, 'archive'>,
  placement: string,
  userId: string,
  signal: AbortSignal,
): Promise<string[]> {
  const keys = [
    ...(await archive.list(versionsPrefix(placement), signal)),
    ...(await archive.list(allChecksPrefix(placement), signal)),
    ...(await archive.list(runsPrefix(placement), signal)),
  ].filter((key) => key.endsWith('.json'));
  const quoted = JSON.stringify(userId);
  // In a text of its own, or quoted by a message that became a text.
  const forms = [quoted, JSON.stringify(quoted).slice(1, -1)];
  const mentions: string[] = [];
  for (const key of keys) {
    const body = await archive.get(key, signal);
    const text = body === null ? '' : Buffer.from(body).toString();
    if (forms.some((form) => text.includes(form))) mentions.push(key);
  }
  return mentions;
}

async function tablesByPlacement(
  { tables, tablePrefix }: Pick<PublisherContext, 'tables' | 'tablePrefix'>,
  signal: AbortSignal,
): Promise<Map<string, Table[]>> {
  const found = new Map<string, Table[]>();
  for (const table of await tables.list(`${tablePrefix}-`, signal)) {
    const named = parseTableName(tablePrefix, table);
    if (named === undefined) continue;
    const { placement, version } = named;
    found.set(placement, [...(found.get(placement) ?? []), { version, table }]);
  }
  return found;
}

/** Every placement that there is a trace of: also one whose tables are gone while its archive is not. */
async function placementsOf(
  { pointers, archive }: Pick<PublisherContext, 'pointers' | 'archive'>,
  tables: ReadonlyMap<string, unknown>,
  signal: AbortSignal,
): Promise<string[]> {
  const archived = await archive.listFolders(signal);
  const all = new Set([...tables.keys(), ...(await pointers.listPlacements(signal)), ...archived]);
  return [...all].filter(isPlacement).sort();
}

/** A table may be deleted between listing and reading: it holds nobody then. */
async function unlessGone<T>(otherwise: T, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof TableMissingError) return otherwise;
    throw error;
  }
}
