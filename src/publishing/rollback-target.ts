import { NotFoundError, UnreachableError } from '../domain/errors.ts';
import { quarantineOf, type SealedTable } from '../domain/pointer-changes.ts';
import type { Seal } from '../domain/seal.ts';
import { isVersion, tableName } from '../domain/version.ts';
import { readRecord, recordedEpochs, type ActivationRecord } from './activation-records.ts';
import type { PublisherContext } from './context.ts';
import { readManifest } from './manifest.ts';
import { sealOrNull, type Standing } from './pointer-state.ts';

export interface TargetQuestion {
  readonly placement: string;
  /** What is live and will be left; undefined where that is a table of nobody knows which version. */
  readonly leaving:
    { readonly version: string; readonly contentHash: string; readonly table: string } | undefined;
  /** Only records before this epoch count. */
  readonly epoch: number;
  readonly before: Standing['before'];
  /** Accept this version only. */
  readonly to?: string | undefined;
}

/**
 * The version that a rollback goes to: the latest that was live before what is live now was first activated, and that is sealed,
 * not quarantined and not retired. Going by the activation of what is live, not by the order of writes, makes each
 * further rollback go further back: records of rollbacks themselves never lead forward again.
 * Throws NotFoundError that says why each candidate was passed over, and UnreachableError where the archive has no
 * records although there were activations: nobody knows then what was live before.
 */
export async function rollbackTarget(
  context: Pick<PublisherContext, 'archive' | 'tables' | 'tablePrefix'>,
  { placement, leaving, epoch, before, to }: TargetQuestion,
  signal: AbortSignal,
): Promise<SealedTable> {
  const { archive, tables } = context;
  const recorded = await recordedEpochs(archive, placement, signal);
  if (recorded.length === 0) throw noRecords(placement, epoch - 1);
  const epochs = recorded.filter((each) => each < epoch);
  const history = createHistory(epochs, (each) => readRecord(archive, placement, each, signal));
  const passedOver: string[] = [];
  const seen = new Set<string>();
  for (let index = await originIn(history, leaving?.version); ; index += 1) {
    const record = await history.at(index);
    if (record === undefined) break;
    const { version, table } = record;
    if (version === leaving?.version || seen.has(version) || (to !== undefined && version !== to)) continue;
    seen.add(version);
    const seal = await sealOrNull(tables, table, signal);
    const why = faultOf(record, seal, leaving, before);
    if (seal !== null && why === undefined) return { table, seal };
    passedOver.push(`  ${version} ${why}`);
  }
  const wanted = to === undefined ? 'no version to roll back to' : `version ${to} is none to roll back to`;
  const why = async () => {
    if (passedOver.length > 0) return `\n${passedOver.join('\n')}`;
    if (to === undefined) return 'nothing was live before';
    if (!(await isVersionOf(context, placement, to, signal))) return 'there is no such version';
    return `it was not live before ${leaving?.version ?? 'what is live now'}`;
  };
  throw new NotFoundError(`${wanted} for ${placement}: ${await why()}`);
}

/** Whether there is or was such a version: sealed, or with a manifest that outlived its table. */
async function isVersionOf(
  { archive, tables, tablePrefix }: Pick<PublisherContext, 'archive' | 'tables' | 'tablePrefix'>,
  placement: string,
  version: string,
  signal: AbortSignal,
): Promise<boolean> {
  if (!isVersion(version)) return false;
  const seal = await sealOrNull(tables, tableName(tablePrefix, placement, version), signal);
  return seal !== null || (await readManifest(archive, placement, version, signal)) !== null;
}

/** What an archive without any record of a placement means, by the epoch that is live: 0 where that is not known. */
function noRecords(placement: string, live: number): NotFoundError | UnreachableError {
  if (live === 1)
    return new NotFoundError(`no version to roll back to for ${placement}: nothing was live before`);
  const [what, otherwise] =
    live === 0
      ? [
          `no activation of ${placement} is recorded in the archive`,
          'Otherwise write the name of a sealed table into the pointer, or delete the pointer and activate a version.',
        ]
      : [
          `the archive has no record of the ${live} epochs of ${placement}`,
          'Without it, "topshelf activate" of a sealed version replaces what is live.',
        ];
  return new UnreachableError(
    `${what}: what was live before is not known. Is TOPSHELF_ARCHIVE what the publishers use? ${otherwise}`,
  );
}

/** Activation records from new to old; each is read once, when it is looked at: there may be thousands. */
interface History {
  /** The record at this place; undefined past the oldest. */
  at(index: number): Promise<ActivationRecord | undefined>;
}

function createHistory(
  epochs: readonly number[],
  read: (epoch: number) => Promise<ActivationRecord>,
): History {
  const records = new Map<number, Promise<ActivationRecord>>();
  return {
    async at(index) {
      const epoch = epochs[index];
      if (epoch === undefined) return undefined;
      const record = records.get(epoch) ?? read(epoch);
      records.set(epoch, record);
      return record;
    },
  };
}

/**
 * Where the past of `version` begins: behind its latest activation; 0 where it has none. What made it live otherwise counts
 * only where nothing else did: a rollback leads back to it, and so does a table name written by hand, which becomes a
 * pointer by its release or the next block.
 */
async function originIn(history: History, version: string | undefined): Promise<number> {
  if (version === undefined) return 0;
  let arrival = 0;
  for (let index = 0; ; index += 1) {
    const entry = await history.at(index);
    if (entry === undefined) return arrival;
    if (entry.version !== version || entry.action === 'rollback') continue;
    if ((await history.at(index + 1))?.version === version) continue;
    arrival = index + 1;
    if (entry.action === 'activate') return arrival;
  }
}

function faultOf(
  { version, table, contentHash }: ActivationRecord,
  seal: Seal | null,
  leaving: TargetQuestion['leaving'],
  before: Standing['before'],
): string | undefined {
  if (quarantineOf(before?.quarantined ?? [], { version, contentHash }) !== undefined) {
    return 'is quarantined';
  }
  if (before?.retired.includes(version)) return 'is retired, its table about to be deleted';
  // What is left is quarantined with its content: that may not come back under an older name.
  if (contentHash === leaving?.contentHash) return 'has the very content that is to be left';
  if (seal === null) return `is not there or not sealed (table ${table})`;
  if (seal.version !== version) return `is not what the seal of table ${table} says`;
  return undefined;
}
