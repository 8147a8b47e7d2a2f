import * as z from 'zod';
import type { Archive } from '../archive/archive.ts';
import { UnreachableError } from '../domain/errors.ts';
import type { Pointer } from '../domain/pointer.ts';
import { activationKey, activationsPrefix } from './archive-keys.ts';

export type PointerAction = 'activate' | 'rollback' | 'release' | 'block' | 'unblock' | 'retire';

const override = z.object({ by: z.string(), reason: z.string() }).nullable();
const hold = z.object({ since: z.string(), by: z.string(), reason: z.string() }).nullable();
const quarantined = z.array(
  z.object({
    version: z.string(),
    contentHash: z.string(),
    at: z.string(),
    by: z.string(),
    reason: z.string(),
  }),
);

/** One write of a pointer, as kept for ever: who, what, why, and the lists that the pointer held from then on. */
const recordSchema = z.object({
  schemaVersion: z.literal(1),
  epoch: z.int().min(1),
  action: z.enum(['activate', 'rollback', 'release', 'block', 'unblock', 'retire']),
  placement: z.string(),
  version: z.string(),
  table: z.string(),
  contentHash: z.string(),
  generatedAt: z.string(),
  by: z.string(),
  reason: z.string(),
  at: z.string(),
  override,
  /** The gate's report that it went live by; null where none was asked, or in a repaired record. */
  check: z.string().nullable().default(null),
  hold,
  quarantined,
  retired: z.array(z.string()),
  blocked: z.array(z.string()),
  /** Written by the next writer, from the pointer, because its own writer did not come to it. */
  repaired: z.boolean(),
});

export type ActivationRecord = z.infer<typeof recordSchema>;

/** Keeps a record of this write of the pointer, unless there is one. */
export async function record(
  archive: Archive,
  pointer: Pointer,
  action: PointerAction,
  { repaired = false, check = null }: { readonly repaired?: boolean; readonly check?: string | null },
  signal: AbortSignal,
): Promise<'written' | 'exists'> {
  const { epoch, placement, version, table, contentHash, generatedAt, reason } = pointer;
  const { override, hold, quarantined, retired, blocked } = pointer;
  const entry: ActivationRecord = {
    ...{ schemaVersion: 1, epoch, action, placement, version, table, contentHash, generatedAt },
    ...{ by: pointer.activatedBy, reason, at: pointer.activatedAt, override, check, hold },
    quarantined: [...quarantined],
    retired: [...retired],
    blocked: [...blocked],
    repaired,
  };
  return archive.putOnce(activationKey(placement, epoch), `${JSON.stringify(entry, null, 2)}\n`, signal);
}

/** Keeps a record of the pointer that is about to be replaced, if its own writer did not come to it. */
export async function recordReplaced(archive: Archive, pointer: Pointer, signal: AbortSignal): Promise<void> {
  // What a pointer does not say is which command wrote it; that it took a hold at that moment tells a rollback.
  const action = pointer.hold?.since === pointer.activatedAt ? 'rollback' : 'activate';
  await record(archive, pointer, action, { repaired: true }, signal);
}

/** The epochs that have a record, highest first. */
export async function recordedEpochs(
  archive: Archive,
  placement: string,
  signal: AbortSignal,
): Promise<number[]> {
  const prefix = activationsPrefix(placement);
  const keys = await archive.list(prefix, signal);
  return keys
    .map((key) => /^([1-9]\d*)\.json$/.exec(key.slice(prefix.length))?.[1])
    .filter((epoch) => epoch !== undefined)
    .map(Number)
    .sort((a, b) => b - a);
}

/** One record. Throws UnreachableError where it is gone or unreadable: a decision must not be made without it. */
export async function readRecord(
  archive: Archive,
  placement: string,
  epoch: number,
  signal: AbortSignal,
): Promise<ActivationRecord> {
  const key = activationKey(placement, epoch);
  const body = await archive.get(key, signal);
  try {
    if (body === null) throw new Error('it is not there');
    return recordSchema.parse(JSON.parse(Buffer.from(body).toString()));
  } catch (error) {
    throw new UnreachableError(`the activation record ${key} cannot be read`, { cause: error });
  }
}
