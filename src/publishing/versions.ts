import { TableMissingError } from '../domain/errors.ts';
import { quarantineOf } from '../domain/pointer-changes.ts';
import { parseTableName } from '../domain/version.ts';
import type { PublisherContext } from './context.ts';
import { gateVerdicts, type GateVerdict } from './gate-reports.ts';
import { historyOf, type LedgerEntry } from './history.ts';
import { requirePlacement } from './known-placement.ts';
import { readManifest } from './manifest.ts';
import { listsOf, readPointerState, standingOf } from './pointer-state.ts';

/** A table of a placement, and what it may be used for. */
export interface VersionStatus {
  readonly version: string;
  readonly table: string;
  /** `unsealed`: its load has not ended, or never will. `sealed`: may be activated. */
  readonly state: 'live' | 'quarantined' | 'retired' | 'sealed' | 'unsealed';
  readonly users: number | null;
  readonly generatedAt: string | null;
  /** Whether the rows said so, or only the files' times do; null where there is no manifest. */
  readonly generatedAtFrom: 'rows' | 'file' | null;
  readonly contentHash: string | null;
  /** From the manifest; null where there is none. */
  readonly loadedAt: string | null;
  readonly loadedBy: string | null;
  readonly rows: number | null;
  /** What it was loaded from. */
  readonly files: readonly { readonly path: string; readonly bytes: number; readonly sha256: string }[];
  readonly rejected: number | null;
  readonly duplicates: number | null;
  /** What the gate said of it, newest first. */
  readonly verdicts: readonly GateVerdict[];
  /** The writes of the pointer that named it, newest first, among the latest ones. */
  readonly activations: readonly LedgerEntry[];
}

/** Writes of the pointer that are looked at unless told otherwise. */
export const DEFAULT_HISTORY = 20;

type Reader = Pick<PublisherContext, 'pointers' | 'tables' | 'archive' | 'tablePrefix'>;

/** Every version of a placement that has a table, newest first. Throws NotFoundError where there is no such placement. */
export async function versions(
  context: Reader,
  placement: string,
  signal: AbortSignal,
  history = DEFAULT_HISTORY,
): Promise<VersionStatus[]> {
  const state = await readPointerState(context, placement, signal);
  const lists = listsOf((await standingOf(context, placement, state, signal)).before);
  const liveTable =
    state.kind === 'pointer' ? state.pointer.table : state.kind === 'bare' ? state.table : undefined;
  const tables = await context.tables.list(`${context.tablePrefix}-${placement}-`, signal);
  const verdicts = await gateVerdicts(context.archive, placement, signal);
  const activations = await historyOf(context, placement, history, signal);
  const found: VersionStatus[] = [];
  for (const table of tables) {
    const named = parseTableName(context.tablePrefix, table);
    if (named?.placement !== placement) continue;
    const { version } = named;
    const seal = await context.tables.readSeal(table, signal).catch((error: unknown) => {
      if (error instanceof TableMissingError) return undefined;
      throw error;
    });
    // Deleted since it was listed.
    if (seal === undefined) continue;
    const manifest = await readManifest(context.archive, placement, version, signal);
    const isQuarantined =
      seal !== null &&
      quarantineOf(lists.quarantined, { version, contentHash: seal.contentHash }) !== undefined;
    const kind = (): VersionStatus['state'] => {
      if (table === liveTable) return 'live';
      if (seal === null) return 'unsealed';
      if (isQuarantined) return 'quarantined';
      return lists.retired.includes(version) ? 'retired' : 'sealed';
    };
    found.push({
      version,
      table,
      state: kind(),
      users: seal?.users ?? null,
      generatedAt: seal?.generatedAt ?? null,
      generatedAtFrom: manifest?.generatedAtFrom ?? null,
      contentHash: seal?.contentHash ?? null,
      loadedAt: manifest?.createdAt ?? null,
      loadedBy: manifest?.createdBy ?? null,
      rows: manifest?.rows ?? null,
      rejected: manifest?.rejected ?? null,
      duplicates: manifest?.duplicates ?? null,
      files: manifest?.files.map(({ path, bytes, sha256 }) => ({ path, bytes, sha256 })) ?? [],
      verdicts: verdicts.get(version) ?? [],
      activations: activations.filter((entry) => entry.version === version),
    });
  }
  if (found.length === 0) await requirePlacement(context, placement, state, signal);
  return found.sort((a, b) => (a.version < b.version ? 1 : -1));
}
