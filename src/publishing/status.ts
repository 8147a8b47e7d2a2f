import { messageOf } from '../domain/errors.ts';
import { isPlacement } from '../domain/ids.ts';
import type { Hold, Override, Quarantined } from '../domain/pointer.ts';
import type { PublisherContext } from './context.ts';
import { historyOf, type LedgerEntry } from './history.ts';
import { requirePlacement } from './known-placement.ts';
import { readManifest, type Manifest } from './manifest.ts';
import { readPointerState } from './pointer-state.ts';
import { unheard, type OnProgress } from './progress.ts';
import { askReplicas, type ReplicaDirectory, type ReplicaReport } from './replicas.ts';

/** What the pointer of a placement says; fields are null where it does not say. */
export interface PlacementStatus {
  readonly placement: string;
  /** `bare`: a table name written by hand. `malformed`: something that servers refuse. */
  readonly pointer: 'absent' | 'pointer' | 'bare' | 'malformed';
  readonly version: string | null;
  readonly table: string | null;
  readonly epoch: number | null;
  /** When, by whom and why this epoch was written: by an activation, or by a block after it. */
  readonly since: string | null;
  readonly by: string | null;
  readonly reason: string | null;
  /** The id of the key that signed it; null where nobody did. */
  readonly signedBy: string | null;
  readonly generatedAt: string | null;
  /** Whether the rows said so, or only the files' times do; null where the archive does not tell at once. */
  readonly generatedAtFrom: Manifest['generatedAtFrom'] | null;
  /** Age of the predictions, in seconds. */
  readonly ageSeconds: number | null;
  readonly hold: Hold | null;
  readonly override: Override | null;
  readonly quarantined: readonly Quarantined[];
  readonly retired: readonly string[];
  readonly blocked: readonly string[];
  /** What is wrong with a malformed pointer, or with the archive that should tell of one that is gone. */
  readonly problem: string | null;
  /** The newest write on record; null where the pointer itself says what is live, or where there is none. */
  readonly lastRecorded: LedgerEntry | null;
  /** The latest writes of the pointer, newest first; as many as were asked for. */
  readonly history: readonly LedgerEntry[];
  /** What every replica serves; null where they were not asked. */
  readonly replicas: readonly ReplicaReport[] | null;
}

export interface StatusRequest {
  readonly placement?: string | undefined;
  /** Writes of the pointer to tell of; none by default. */
  readonly history?: number | undefined;
  readonly replicas?: ReplicaDirectory | undefined;
}

/** What is live must be seen also while the archive is slow or away, in milliseconds. */
const ARCHIVE_WAIT_MS = 2_000;

type Reader = Pick<PublisherContext, 'pointers' | 'tables' | 'archive' | 'now'>;

/**
 * The status of one placement, or of all that have a pointer or, as far as the archive knows, had one. Throws
 * NotFoundError where there is no such placement.
 * @param onProgress told where the archive is away, so that a placement whose pointer is gone may be missing
 */
export async function status(
  context: Reader,
  { placement, history = 0, replicas }: StatusRequest,
  signal: AbortSignal,
  onProgress: OnProgress = unheard,
): Promise<PlacementStatus[]> {
  const found =
    placement === undefined
      ? await everyStatus(context, signal, onProgress)
      : [await namedStatus(context, placement, signal)];
  return Promise.all(
    found.map(async (each) => ({
      ...each,
      history: history === 0 ? [] : await historyOf(context, each.placement, history, signal),
      replicas: replicas === undefined ? null : await askReplicas(replicas, each.placement, signal),
    })),
  );
}

async function everyStatus(
  context: Reader,
  signal: AbortSignal,
  onProgress: OnProgress,
): Promise<PlacementStatus[]> {
  const listed = await context.pointers.listPlacements(signal);
  const soon = AbortSignal.any([signal, AbortSignal.timeout(ARCHIVE_WAIT_MS)]);
  const archived = await context.archive.listFolders(soon).catch((error: unknown) => {
    signal.throwIfAborted();
    const message = `placements whose pointer is gone are not listed: ${messageOf(error)}`;
    onProgress({ kind: 'warning', message });
    return [];
  });
  const names = new Set([...listed, ...archived.filter(isPlacement)]);
  const all = await Promise.all([...names].sort().map((name) => statusOf(context, name, signal)));
  // What was loaded and never went live has lost nothing.
  return all.filter(
    (each) => each.pointer !== 'absent' || each.lastRecorded !== null || each.problem !== null,
  );
}

async function namedStatus(
  context: Reader,
  placement: string,
  signal: AbortSignal,
): Promise<PlacementStatus> {
  const told = await statusOf(context, placement, signal);
  // Where the archive is away, nobody knows whether there is one.
  if (told.pointer === 'absent' && told.lastRecorded === null && told.problem === null)
    await requirePlacement(context, placement, { kind: 'absent', token: null }, signal);
  return told;
}

async function statusOf(context: Reader, placement: string, signal: AbortSignal): Promise<PlacementStatus> {
  const state = await readPointerState(context, placement, signal);
  const nothing: PlacementStatus = {
    placement,
    pointer: state.kind,
    version: null,
    table: null,
    epoch: null,
    since: null,
    by: null,
    reason: null,
    signedBy: null,
    generatedAt: null,
    generatedAtFrom: null,
    ageSeconds: null,
    hold: null,
    override: null,
    quarantined: [],
    retired: [],
    blocked: [],
    problem: null,
    lastRecorded: null,
    history: [],
    replicas: null,
  };
  const ageSeconds = (generatedAt: string) => Math.round((context.now() - Date.parse(generatedAt)) / 1000);
  switch (state.kind) {
    case 'absent':
      return { ...nothing, ...(await lastRecorded(context, placement, signal)) };
    case 'malformed': {
      const { lastRecorded: last } = await lastRecorded(context, placement, signal);
      return { ...nothing, lastRecorded: last, problem: state.error.message };
    }
    case 'bare': {
      const { table, seal } = state;
      if (seal === null) return { ...nothing, table };
      const { version, generatedAt } = seal;
      const generatedAtFrom = await sourceOfTime(context, placement, version, signal);
      return {
        ...nothing,
        table,
        version,
        generatedAt,
        generatedAtFrom,
        ageSeconds: ageSeconds(generatedAt),
      };
    }
    case 'pointer': {
      const { activatedAt, activatedBy, generatedAt, ...pointer } = state.pointer;
      return {
        ...nothing,
        version: pointer.version,
        table: pointer.table,
        epoch: pointer.epoch,
        since: activatedAt,
        by: activatedBy,
        reason: pointer.reason,
        signedBy: pointer.signature?.keyId ?? null,
        generatedAt,
        generatedAtFrom: await sourceOfTime(context, placement, pointer.version, signal),
        ageSeconds: ageSeconds(generatedAt),
        hold: pointer.hold,
        override: pointer.override,
        quarantined: pointer.quarantined,
        retired: pointer.retired,
        blocked: pointer.blocked,
      };
    }
  }
}

/** The newest write on record. The archive informs here and decides nothing: where it is away, that is what is told. */
async function lastRecorded(
  context: Reader,
  placement: string,
  signal: AbortSignal,
): Promise<Pick<PlacementStatus, 'lastRecorded' | 'problem'>> {
  try {
    const [last = null] = await historyOf(context, placement, 1, signal);
    return { lastRecorded: last, problem: null };
  } catch (error) {
    return { lastRecorded: null, problem: `whether it ever had a pointer is not known: ${messageOf(error)}` };
  }
}

async function sourceOfTime(
  { archive }: Reader,
  placement: string,
  version: string,
  signal: AbortSignal,
): Promise<PlacementStatus['generatedAtFrom']> {
  const soon = AbortSignal.any([signal, AbortSignal.timeout(ARCHIVE_WAIT_MS)]);
  const manifest = await readManifest(archive, placement, version, soon).catch(() => null);
  signal.throwIfAborted();
  return manifest?.generatedAtFrom ?? null;
}
