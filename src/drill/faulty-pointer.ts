import { decodePointer, encodePointer } from '../pointer/codec.ts';
import type { PointerFault } from './pointer-stand-in.ts';

/**
 * What a server is shown in place of the real pointer: half of it, or the same with a lower epoch and a checksum that
 * holds. Throws PointerRejectedError for a real one that is malformed, RangeError for a bare name, which has no epoch.
 */
export function faultyPointer(
  real: Uint8Array,
  placement: string,
  fault: Exclude<PointerFault, 'away'>,
): Uint8Array {
  if (fault === 'corrupt') return real.slice(0, Math.ceil(real.length / 2));
  const decoded = decodePointer(real, placement);
  if (decoded.kind === 'bare') throw new RangeError(`${decoded.table} is a bare name: nothing is older`);
  const { pointer } = decoded;
  const older = { ...pointer, epoch: pointer.epoch - 1, writeId: 'drill', reason: 'made by a drill' };
  return new TextEncoder().encode(encodePointer(older));
}
