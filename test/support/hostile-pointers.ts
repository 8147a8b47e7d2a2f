import fc from 'fast-check';
import { createRandom } from '../../load-tests/draw.ts';
import type { PointerRejection } from '../../src/domain/errors.ts';
import type { Pointer } from '../../src/domain/pointer.ts';
import { encodePointer } from '../../src/pointer/codec.ts';
import { signed } from '../../src/pointer/signature.ts';
import { attacks, type Attack, type Attacker, type Parts } from './hostile-attacks.ts';

/** One object that somebody put where a pointer belongs. */
export interface HostilePointer {
  readonly attack: string;
  readonly content: Uint8Array;
  /** Why it may be refused. */
  readonly reasons: readonly PointerRejection[];
}

/** What is refused only where pointers must be signed: all else about it is right. */
const forgeries: Readonly<Record<string, Attack>> = {
  'no signature': ({ bait, below }) => ({
    text: encodePointer(signed({ ...bait, epoch: bait.epoch + below(1e9) })),
    reasons: ['unsigned'],
  }),
  'a bare name': ({ below }) => ({ text: `topshelf-home-${below(1e9)}`, reasons: ['unsigned'] }),
  'a signature for something else': ({ bait, below, pick }) => ({
    text: encodePointer({
      ...bait,
      ...pick<Partial<Pointer>>([
        { epoch: bait.epoch + 1 + below(1e9) },
        { table: `theirs-${below(1e9)}` },
        { blocked: [`p${below(1e9)}`] },
        { hold: { since: bait.activatedAt, by: 'eve', reason: `${below(1e9)}` } },
      ]),
    }),
    reasons: ['bad-signature'],
  }),
  'signature bytes that nobody made': ({ bait, below }) => ({
    text: encodePointer({
      ...bait,
      signature: {
        keyId: bait.signature?.keyId ?? '',
        value: Buffer.from(Array.from({ length: 64 }, () => below(256))).toString('base64'),
      },
    }),
    reasons: ['bad-signature'],
  }),
  'a key that nobody here knows': ({ bait, below }) => ({
    text: encodePointer({
      ...bait,
      signature: {
        keyId: below(1e9).toString(16).padStart(16, '0'),
        value: bait.signature?.value ?? '',
      },
    }),
    reasons: ['bad-signature'],
  }),
};

/** Endless objects of every kind of attack in turn; the same seed gives the same ones. */
export function* hostilePointers(attacker: Attacker): Generator<HostilePointer, never> {
  const { bait, seed, signing } = attacker;
  const random = createRandom(seed);
  const below = (end: number) => Math.floor(random() * end);
  const parts: Parts = {
    ...attacker,
    random,
    below,
    pick: (list) => list[below(list.length)] as (typeof list)[number],
    forged: (changes) => encodePointer(signed({ ...bait, ...changes }, signing)),
    baitText: encodePointer(bait),
    jsonValues: fc.sample(fc.jsonValue(), { seed, numRuns: 1000 }),
  };
  const all = Object.entries(signing === undefined ? attacks : { ...attacks, ...forgeries });
  for (;;) {
    for (const [attack, make] of all) {
      const { text, reasons } = make(parts);
      yield { attack, content: Buffer.from(text), reasons };
    }
  }
}
