import type { Pointer } from '../../src/domain/pointer.ts';
import { signed } from '../../src/pointer/signature.ts';
import { signingPair } from '../support/signing-keys.ts';

let writes = 0;

/** A valid pointer of placement `home`, each with a writeId of its own. */
export function examplePointer(changes: Partial<Pointer> = {}): Pointer {
  return {
    schemaVersion: 1,
    placement: 'home',
    epoch: 1,
    writeId: `write-${process.pid}-${++writes}`,
    version: '20261121T031500Z-3f9a1c',
    table: 'topshelf-home-20261121T031500Z-3f9a1c',
    contentHash: `sha256:${'0'.repeat(64)}`,
    generatedAt: '2026-11-21T03:15:00Z',
    activatedAt: '2026-11-21T04:00:00Z',
    activatedBy: 'airflow',
    reason: 'daily batch',
    override: null,
    hold: null,
    quarantined: [],
    retired: [],
    blocked: [],
    popular: [
      ['22423', 0.31],
      ['85123A', 0.29],
    ],
    ...changes,
  };
}

/** As `examplePointer`, signed by a key of its own. */
export function signedExamplePointer(): Pointer {
  return signed(examplePointer(), signingPair().signing);
}

/** One in which every field says something. */
export const fullPointer = (changes: Partial<Pointer> = {}): Pointer =>
  examplePointer({
    hold: { since: '2026-11-22T01:00:00Z', by: 'ann', reason: 'all users got socks' },
    override: { by: 'bob', reason: 'new catalogue' },
    quarantined: [
      {
        version: '20261120T031500Z-00000a',
        contentHash: `sha256:${'a'.repeat(64)}`,
        at: '2026-11-22T01:00:00Z',
        by: 'ann',
        reason: 'socks',
      },
    ],
    retired: ['20261101T031500Z-00000b'],
    blocked: ['22423', 'Größe "M"'],
    ...changes,
  });
