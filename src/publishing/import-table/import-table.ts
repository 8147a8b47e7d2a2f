import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod';
import type { Archive } from '../../archive/archive.ts';
import { StoreError } from '../../domain/errors.ts';
import type { StoredPrediction } from '../../domain/prediction.ts';
import type { PredictionTables, TableOptions } from '../../store/prediction-tables.ts';
import type { ImportState } from '../../store/table-importer.ts';
import { importKey, importsPrefix } from '../archive-keys.ts';
import { watchBatch, type Batch } from '../fill-table.ts';
import type { OnProgress } from '../progress.ts';
import { retried } from '../retry.ts';
import type { Run } from '../runs.ts';
import type { ImportParts } from './import-parts.ts';
import { uploadItems } from './upload-items.ts';

interface Importing {
  readonly tables: PredictionTables;
  readonly archive: Archive;
  readonly parts: ImportParts;
  readonly placement: string;
  readonly run: Run;
}

/** An attempt whose import is known by name. */
const attemptSchema = z.object({ schemaVersion: z.literal(1), importName: z.string() });

/**
 * Has the store make the run's table out of objects that are uploaded first, and resolves with the sample to be read
 * back. Rejects with StoreError unless every item was taken. The import itself takes no tags, protection or warm
 * throughput: the table gets them afterwards. A resumed run follows the import that an earlier process began.
 */
export async function importTable(
  importing: Importing,
  input: Batch,
  options: TableOptions,
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<readonly StoredPrediction[]> {
  const { tables, parts, placement, run } = importing;
  const { users } = input;
  const batch = watchBatch(input);
  const folder = `${placement}/${run.version}`;
  const uploaded = await uploadItems(
    parts.objects,
    folder,
    batch.from(0),
    (items) => {
      signal.throwIfAborted();
      onProgress({ kind: 'uploaded', users: items, of: users });
    },
    signal,
  );
  batch.assertWhole(uploaded, run.table);
  const prefix = parts.prefix === '' ? `${folder}/` : `${parts.prefix}/${folder}/`;
  const onItems = (items: number) => onProgress({ kind: 'imported', users: items, of: users });
  const attempt = async () => {
    const begun = await beginOrFind(importing, prefix, users, signal);
    return { name: begun, state: await follow(parts, begun, onItems, signal) };
  };
  let { name, state } = await attempt();
  // The table may be that of an import nobody can name any more: then this one took nothing, and the next begins clean.
  if (run.isResumed && state.status === 'failed' && state.importedItems === 0)
    ({ name, state } = await attempt());
  if (!isWhole(state, users)) {
    throw new StoreError(
      `the import into ${run.table} ${state.status}: ${state.importedItems} of ${users} items were taken, ` +
        `${state.errors} refused${state.failure === '' ? '' : ` (${state.failure})`}. ` +
        `Look at ${name} and at its log group; the objects are in s3://${parts.bucket}/${prefix}`,
    );
  }
  await retried(() => tables.configure(run.table, options, signal), signal);
  return batch.sample;
}

/** The import to follow: the latest that a process of this run began and that has not failed, else a new one. */
async function beginOrFind(
  importing: Importing,
  prefix: string,
  users: number,
  signal: AbortSignal,
): Promise<string> {
  const { tables, archive, parts, placement, run } = importing;
  const { runId, table } = run;
  const source = { bucket: parts.bucket, prefix };
  let attempt = 1;
  if (runId !== undefined) {
    const known = (await archive.list(importsPrefix(placement, runId), signal)).length;
    if (known > 0) {
      const body = await archive.get(importKey(placement, runId, known), signal);
      const { importName } = attemptSchema.parse(JSON.parse(Buffer.from(body ?? []).toString()));
      const state = await parts.importer.describe(importName, signal);
      if (state.status === 'running' || isWhole(state, users)) return importName;
      await deleteUnsealed(tables, table, signal);
    }
    attempt = known + 1;
  }
  // The same run and attempt give the same token, so that a process that died before it could note the name finds it.
  const token = createHash('sha256')
    .update(`${runId}\0${run.version}\0${attempt}`)
    .digest('hex')
    .slice(0, 36);
  const start = () => parts.importer.start(table, source, token, signal);
  const importName = await start().catch(async (error: unknown) => {
    // Made by an import that nobody can name any more (a token is kept for eight hours): nothing tells what it holds.
    if (!run.isResumed || (await tables.describe(table, signal)) === null) throw error;
    await deleteUnsealed(tables, table, signal);
    return start();
  });
  if (runId !== undefined) {
    const body = `${JSON.stringify({ schemaVersion: 1, importName })}\n`;
    await archive.putOnce(importKey(placement, runId, attempt), body, signal);
  }
  return importName;
}

function isWhole({ status, errors, importedItems }: ImportState, users: number): boolean {
  return status === 'completed' && errors === 0 && importedItems === users;
}

async function follow(
  { importer, pollMs }: ImportParts,
  name: string,
  onItems: (items: number) => void,
  signal: AbortSignal,
): Promise<ImportState> {
  for (;;) {
    const state = await retried(() => importer.describe(name, signal), signal);
    onItems(state.importedItems);
    if (state.status !== 'running') return state;
    await delay(pollMs, undefined, { signal });
  }
}

/** What a failed import left: never anything that is sealed. */
async function deleteUnsealed(tables: PredictionTables, table: string, signal: AbortSignal): Promise<void> {
  if ((await tables.describe(table, signal)) === null) return;
  if ((await tables.readSeal(table, signal)) !== null)
    throw new StoreError(`table ${table} is sealed: it stays`);
  await tables.delete(table, signal);
}
