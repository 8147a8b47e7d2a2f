import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LostRaceError, PointerRejectedError, UnreachableError } from '../../src/domain/errors.ts';
import { MAX_POINTER_BYTES } from '../../src/domain/pointer.ts';
import { decodePointer, encodePointer } from '../../src/pointer/codec.ts';
import type { PointerSource } from '../../src/pointer/pointer-source.ts';
import type { PointerWriter } from '../../src/pointer/pointer-writer.ts';
import { examplePointer, signedExamplePointer } from '../pointer/example-pointer.ts';
import {
  eventually,
  foundIn,
  pointerIn,
  rejectionOf,
  type PointerContract,
  type PointerStore,
} from './pointer-store.ts';

/** What every pointer store does, whichever it is. */
export function describePointerContract(name: string, contract: PointerContract): void {
  const { cannot = {} } = contract;
  const never = new AbortController().signal;

  describe(`${name} keeps the contract of a pointer store`, () => {
    let store: PointerStore;
    let opened: (PointerSource & PointerWriter)[];
    const open = () => {
      const pointers = store.open();
      opened.push(pointers);
      return pointers;
    };
    const unless = (reason: string | undefined) => (title: string, test: () => Promise<void>) =>
      reason === undefined ? it(title, test) : it.skip(`${title} (${name}: ${reason})`, test);

    beforeEach(async () => {
      opened = [];
      store = await contract.start();
    });
    afterEach(async () => {
      await Promise.all(opened.map((pointers) => pointers.close()));
      await store.release();
    });

    describe('reading', () => {
      it('answers absent for a placement that never had a pointer', async () => {
        expect(await open().read('home', never)).toEqual({ kind: 'absent' });
      });

      it('finds what was written, its signature too, with the token that the writer was given', async () => {
        const pointer = signedExamplePointer();
        const token = await open().write(pointer, null, never);
        const found = foundIn(await open().read('home', never));
        expect(pointerIn(found.content)).toEqual(pointer);
        expect(found.token).toBe(token);
      });

      it('answers unchanged to the token it gave', async () => {
        const pointers = open();
        const token = await pointers.write(examplePointer(), null, never);
        expect(await pointers.read('home', never, token)).toEqual({ kind: 'unchanged' });
      });

      it('sees a change by another writer', async () => {
        const pointers = open();
        const token = await pointers.write(examplePointer(), null, never);
        const second = examplePointer({ epoch: 2 });
        await open().write(second, token, never);
        expect(pointerIn(foundIn(await pointers.read('home', never, token)).content)).toEqual(second);
      });

      it('answers absent once the pointer was deleted, even to a token', async () => {
        const pointers = open();
        const token = await pointers.write(examplePointer(), null, never);
        await store.remove('home');
        expect(await pointers.read('home', never, token)).toEqual({ kind: 'absent' });
      });

      it('tells a pointer that was deleted and written again from the one before', async () => {
        const pointers = open();
        const token = await pointers.write(examplePointer({ reason: 'before' }), null, never);
        await store.remove('home');
        const again = examplePointer({ reason: 'after' });
        await open().write(again, null, never);
        expect(pointerIn(foundIn(await pointers.read('home', never, token)).content)).toEqual(again);
      });

      it('keeps placements apart', async () => {
        const pointers = open();
        await pointers.write(examplePointer({ placement: 'home' }), null, never);
        expect(await pointers.read('cart', never)).toEqual({ kind: 'absent' });
      });

      it('lists the placements that have a pointer, and no others', async () => {
        const pointers = open();
        expect(await pointers.listPlacements(never)).toEqual([]);
        for (const placement of ['home', 'cart', 'gone']) {
          await pointers.write(examplePointer({ placement }), null, never);
        }
        await store.remove('gone');
        expect((await pointers.listPlacements(never)).sort()).toEqual(['cart', 'home']);
      });
    });

    describe('content that is not what topshelf wrote', () => {
      const refused = async (content: string | Uint8Array) => {
        await store.putRaw('home', content);
        const found = foundIn(await open().read('home', never));
        return { content: found.content, reason: rejectionOf(found.content) };
      };

      it('is passed on as it is, and refused by the codec: garbage', async () => {
        const garbage = Uint8Array.from([0, 255, 123, 10, 254]);
        const { content, reason } = await refused(garbage);
        expect(Buffer.from(content).equals(garbage)).toBe(true);
        expect(reason).toBe('malformed');
      });

      it('is passed on and refused: an empty object', async () => {
        expect(await refused('')).toMatchObject({ content: { length: 0 }, reason: 'malformed' });
      });

      it('is cut one byte past the limit, so that an oversize object is seen and never held', async () => {
        const { content, reason } = await refused('x'.repeat(10 * MAX_POINTER_BYTES));
        expect(content.length).toBe(MAX_POINTER_BYTES + 1);
        expect(reason).toBe('too-large');
      });

      it("is passed on and refused: another placement's pointer", async () => {
        expect(await refused(encodePointer(examplePointer({ placement: 'cart' })))).toMatchObject({
          reason: 'wrong-placement',
        });
      });

      it('is passed on: a lower epoch, which the watcher refuses, and a bare table name', async () => {
        const pointers = open();
        const token = await pointers.write(examplePointer({ epoch: 7 }), null, never);
        await store.putRaw('home', encodePointer(examplePointer({ epoch: 3 })));
        const lower = foundIn(await pointers.read('home', never, token));
        expect(pointerIn(lower.content).epoch).toBe(3);
        await store.putRaw('home', 'topshelf-home-by-hand\n');
        const bare = foundIn(await pointers.read('home', never, lower.token));
        expect(decodePointer(bare.content, 'home')).toEqual({ kind: 'bare', table: 'topshelf-home-by-hand' });
      });

      it('can be replaced by a writer that has read it', async () => {
        await store.putRaw('home', 'topshelf-home-by-hand');
        const pointers = open();
        const { token } = foundIn(await pointers.read('home', never));
        const pointer = examplePointer({ epoch: 9 });
        await pointers.write(pointer, token, never);
        expect(pointerIn(foundIn(await pointers.read('home', never)).content)).toEqual(pointer);
      });
    });

    describe('hints', () => {
      unless(cannot.hint)('come when a watched pointer changes', async () => {
        const pointers = open();
        const onHint = vi.fn();
        const token = await pointers.write(examplePointer(), null, never);
        pointers.watch('home', onHint);
        await pointers.read('home', never);
        await open().write(examplePointer({ epoch: 2 }), token, never);
        await vi.waitFor(() => expect(onHint).toHaveBeenCalled(), 5_000);
      });

      unless(cannot.hint)('come for the first pointer of a placement', async () => {
        const pointers = open();
        const onHint = vi.fn();
        await pointers.write(examplePointer({ placement: 'cart' }), null, never);
        pointers.watch('home', onHint);
        await pointers.read('home', never);
        await open().write(examplePointer(), null, never);
        await vi.waitFor(() => expect(onHint).toHaveBeenCalled(), 5_000);
      });

      unless(cannot.hint)('stop when the watch is stopped, and when the adapter is closed', async () => {
        const [stopped, closed] = [open(), open()];
        const onHint = vi.fn();
        const token = await open().write(examplePointer(), null, never);
        const stop = stopped.watch('home', onHint);
        closed.watch('home', onHint);
        await Promise.all([stopped.read('home', never), closed.read('home', never)]);
        stop();
        await closed.close();
        onHint.mockClear();
        await open().write(examplePointer({ epoch: 2 }), token, never);
        await new Promise((resolve) => setTimeout(resolve, 100));
        expect(onHint).not.toHaveBeenCalled();
      });

      it('are not needed: a read sees the change whose hint was lost', async () => {
        const pointers = open();
        const token = await pointers.write(examplePointer(), null, never);
        pointers.watch('home', () => undefined);
        await pointers.read('home', never);
        await store.loseHints();
        const second = examplePointer({ epoch: 2 });
        await open().write(second, token, never);
        const found = await eventually(() => pointers.read('home', never, token));
        expect(pointerIn(foundIn(found).content)).toEqual(second);
      });
    });

    describe('writing', () => {
      it('lets one of two writers win that read the same pointer', async () => {
        const [first, second] = [open(), open()];
        const token = await first.write(examplePointer(), null, never);
        const winner = examplePointer({ epoch: 2, activatedBy: 'ann' });
        await first.write(winner, token, never);
        const late = second.write(examplePointer({ epoch: 2, activatedBy: 'bob' }), token, never);
        await expect(late).rejects.toThrow(LostRaceError);
        await expect(late).rejects.toThrow(/nothing was written.*epoch 2 by ann.*topshelf status/s);
        expect(pointerIn(foundIn(await second.read('home', never)).content)).toEqual(winner);
      });

      it('stores nothing that readers would refuse', async () => {
        const pointers = open();
        const large = examplePointer({ reason: 'x'.repeat(MAX_POINTER_BYTES) });
        await expect(pointers.write(large, null, never)).rejects.toThrow(PointerRejectedError);
        expect(await pointers.read('home', never)).toEqual({ kind: 'absent' });
      });

      it('lets one of two first writers win', async () => {
        await open().write(examplePointer(), null, never);
        await expect(open().write(examplePointer(), null, never)).rejects.toThrow(LostRaceError);
      });

      it.each([
        ['the first pointer', null],
        ['the same pointer', 'seen'],
      ])('lets exactly one of 50 writers win that go for %s at once', async (_, kind) => {
        const writers = [open(), open(), open(), open(), open()];
        const token = kind === null ? null : await open().write(examplePointer(), null, never);
        const candidates = Array.from({ length: 50 }, () => examplePointer({ epoch: 2 }));
        const outcomes = await Promise.allSettled(
          candidates.map((pointer, index) => writers[index % 5]!.write(pointer, token, never)),
        );
        const winners = candidates.filter((_pointer, index) => outcomes[index]?.status === 'fulfilled');
        const stored = pointerIn(foundIn(await open().read('home', never)).content);
        expect(winners).toEqual([stored]);
        for (const outcome of outcomes) {
          if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(LostRaceError);
        }
      });

      it('makes a writer lose that was frozen while others wrote', async () => {
        const frozen = open();
        const others = open();
        const seen = await frozen.write(examplePointer(), null, never);
        let token = seen;
        for (const epoch of [2, 3, 4]) token = await others.write(examplePointer({ epoch }), token, never);
        await expect(frozen.write(examplePointer({ epoch: 2 }), seen, never)).rejects.toThrow(/epoch 4/);
        expect(await others.read('home', never, token)).toEqual({ kind: 'unchanged' });
      });

      it('makes a writer lose whose pointer was edited by hand, or deleted', async () => {
        const pointers = open();
        const first = await pointers.write(examplePointer(), null, never);
        await store.putRaw('home', 'topshelf-home-by-hand');
        const next = () => examplePointer({ epoch: 2 });
        await expect(pointers.write(next(), first, never)).rejects.toThrow(/written by hand/);
        const { token } = foundIn(await pointers.read('home', never));
        await store.remove('home');
        await expect(pointers.write(next(), token, never)).rejects.toThrow(/was deleted/);
      });

      unless(cannot['lose replies'])('wins where the write was stored and its reply was lost', async () => {
        const pointers = open();
        store.loseNextReply();
        const first = await pointers.write(examplePointer(), null, never);
        store.loseNextReply();
        const token = await pointers.write(examplePointer({ epoch: 2 }), first, never);
        const found = foundIn(await open().read('home', never));
        expect(pointerIn(found.content).epoch).toBe(2);
        expect(found.token).toBe(token);
      });
    });

    describe('an outage', () => {
      unless(cannot.break)(
        'is unreachable within the deadline, never absent, and ends by itself',
        async () => {
          const pointers = open();
          const token = await pointers.write(examplePointer(), null, never);
          await store.break();
          const since = performance.now();
          await expect(pointers.read('home', never)).rejects.toThrow(UnreachableError);
          await expect(pointers.listPlacements(never)).rejects.toThrow(UnreachableError);
          expect(performance.now() - since).toBeLessThan(2 * contract.deadlineMs + 1_000);
          await store.mend();
          expect(await eventually(() => pointers.read('home', never, token))).toEqual({ kind: 'unchanged' });
        },
      );

      unless(cannot.break)('leaves a writer with an error that says how to find out', async () => {
        const pointers = open();
        const token = await pointers.write(examplePointer(), null, never);
        await store.break();
        const write = pointers.write(examplePointer({ epoch: 2 }), token, never);
        await expect(write).rejects.toThrow(UnreachableError);
        await expect(write).rejects.toThrow(/whether epoch 2 was stored.*topshelf status/s);
        await store.mend();
      });

      unless(cannot.break)('frees a caller that gives up before the deadline', async () => {
        const pointers = open();
        await pointers.read('home', never);
        await store.break();
        const since = performance.now();
        await expect(pointers.read('home', AbortSignal.timeout(50))).rejects.toThrow(UnreachableError);
        expect(performance.now() - since).toBeLessThan(contract.deadlineMs);
        await store.mend();
      });
    });

    describe('giving up', () => {
      it('is unreachable, and writes nothing, where the signal has aborted already', async () => {
        const pointers = open();
        const aborted = AbortSignal.abort();
        await expect(pointers.read('home', aborted)).rejects.toThrow(UnreachableError);
        await expect(pointers.listPlacements(aborted)).rejects.toThrow(UnreachableError);
        await expect(pointers.write(examplePointer(), null, aborted)).rejects.toThrow(UnreachableError);
        expect(await pointers.read('home', never)).toEqual({ kind: 'absent' });
      });

      it('may be closed twice, and rejects what is asked later', async () => {
        const pointers = open();
        await pointers.read('home', never);
        await pointers.close();
        await pointers.close();
        await expect(pointers.read('home', never)).rejects.toThrow(UnreachableError);
        await expect(pointers.write(examplePointer(), null, never)).rejects.toThrow(UnreachableError);
      });
    });
  });
}
