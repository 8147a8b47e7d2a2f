import { setTimeout as delay } from 'node:timers/promises';
import { StoreError, TopshelfError, UsageError } from '../domain/errors.ts';
import { shown } from '../domain/ids.ts';
import type { Seal } from '../domain/seal.ts';
import type { PredictionTables, TableOptions } from '../store/prediction-tables.ts';
import type { PublisherContext } from './context.ts';
import type { Manifest } from './manifest.ts';
import { readPointerState, standingOf } from './pointer-state.ts';
import type { Run } from './runs.ts';

const POLL_MS = 1_000;

/** How a run finds its table: `sealed` is done, and is never touched again. */
export type RunTable =
  { readonly kind: 'missing' | 'unsealed' } | { readonly kind: 'sealed'; readonly seal: Seal };

/** Looks for the table of a run that an earlier process began. Throws UsageError where it was deleted since. */
export async function findTable(
  tables: PredictionTables,
  run: Run,
  manifest: Manifest | null,
  signal: AbortSignal,
): Promise<RunTable> {
  const { runId, version, table } = run;
  for (;;) {
    signal.throwIfAborted();
    const found = await tables.describe(table, signal);
    if (found === null) {
      if (manifest === null) return { kind: 'missing' };
      throw new UsageError(
        `run ${shown(runId)} loaded version ${version}, and its table ${table} was deleted since. Nothing was loaded. ` +
          'Give another run id, which makes a new version of the same files.',
      );
    }
    if (found.status === 'creating') {
      await delay(POLL_MS, undefined, { signal });
      continue;
    }
    if (found.status !== 'active') throw new StoreError(`table ${table} is ${found.status}: try again later`);
    const seal = await tables.readSeal(table, signal);
    return seal === null ? { kind: 'unsealed' } : { kind: 'sealed', seal };
  }
}

/**
 * Throws UsageError for a run whose version pruning has retired: it could be loaded, and never go live. The version that
 * is live is none of those, whatever the list says.
 */
export async function assertNotRetired(
  context: Pick<PublisherContext, 'pointers' | 'tables' | 'archive'>,
  placement: string,
  { runId, version, table }: Run,
  signal: AbortSignal,
): Promise<void> {
  const state = await readPointerState(context, placement, signal);
  if (state.kind === 'pointer' && state.pointer.version === version) return;
  const { before } = await standingOf(context, placement, state, signal);
  if (before?.retired.includes(version) !== true) return;
  throw new UsageError(
    `run ${shown(runId)} is version ${version}, which pruning has retired: its table ${table} is deleted, or about to be, ` +
      'and it can never go live. Nothing was loaded. Give another run id, which makes a new version of the same files.',
  );
}

/**
 * Makes the table; one that another process of the same run makes at this moment is as good. An error says what is there
 * now, as far as that can be known.
 */
export async function makeTable(
  tables: PredictionTables,
  { runId, table }: Run,
  options: TableOptions,
  signal: AbortSignal,
): Promise<void> {
  try {
    await tables.create(table, signal, options);
  } catch (error) {
    const isThere = async () => (await tables.describe(table, signal).catch(() => null)) !== null;
    if (runId === undefined || !(await isThere())) throw unmade(table, error);
    while ((await tables.describe(table, signal))?.status === 'creating') {
      await delay(POLL_MS, undefined, { signal });
    }
  }
}

function unmade(table: string, error: unknown): unknown {
  if (error instanceof TopshelfError) {
    // The same error, so that it stays of its class. An answer that never came may have been a yes.
    error.message += `. Nothing was loaded: table ${table}, if it is there at all, has no seal and is never activated.`;
  }
  return error;
}
