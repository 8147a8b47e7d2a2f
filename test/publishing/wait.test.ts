import { describe, expect, it } from 'vitest';
import type { ReplicaDirectory, ReplicaStatus } from '../../src/publishing/replicas.ts';
import { waitForReplicas } from '../../src/publishing/wait.ts';
import { fakeReplicas } from '../support/replicas.ts';
import { never } from './fixtures.ts';

const home = (epoch: number | null): ReplicaStatus['placements'] => [
  { placement: 'cart', epoch: 99, version: 'other' },
  { placement: 'home', epoch, version: epoch === null ? null : `v${epoch}` },
];
const wait = (directory: ReplicaDirectory, timeoutMs = 60) =>
  waitForReplicas(directory, { placement: 'home', epoch: 5, timeoutMs, intervalMs: 10 }, never);

/** Replicas that are others at each look. */
function changing(
  ...rounds: readonly Parameters<typeof fakeReplicas>[0][]
): ReplicaDirectory & { looks: number } {
  let current = fakeReplicas({});
  const directory = {
    name: 'dns:topshelf:9464',
    looks: 0,
    async list(signal: AbortSignal) {
      current = fakeReplicas(rounds[Math.min(directory.looks, rounds.length - 1)] ?? {});
      directory.looks += 1;
      return current.list(signal);
    },
    ask: (replica: string, signal: AbortSignal) => current.ask(replica, signal),
  };
  return directory;
}

describe('waiting for replicas', () => {
  it('ends when every one reports the epoch or a later one, twice in a row', async () => {
    const directory = changing({ a: home(5), b: home(6) });
    const waited = await wait(directory);
    expect(waited).toMatchObject({ isEverywhere: true, laggards: [] });
    expect(waited.replicas.map(({ replica, version }) => `${replica} ${version}`)).toEqual(['a v5', 'b v6']);
    expect(directory.looks).toBe(2);
  });

  it('goes on while one is behind, and starts to count anew', async () => {
    const good = { a: home(5) };
    const directory = changing(good, { a: home(5), b: home(4) }, good, good);
    expect((await wait(directory, 5_000)).isEverywhere).toBe(true);
    expect(directory.looks).toBe(4);
  });

  it('sees one that comes between two looks', async () => {
    const directory = changing({ a: home(5) }, { a: home(5), b: home(null) });
    const waited = await wait(directory);
    expect(waited).toMatchObject({ isEverywhere: false, laggards: ['b serves nothing of this placement'] });
  });

  it('forgets one that goes', async () => {
    const directory = changing({ a: home(5), b: 'connection refused' }, { a: home(5) });
    expect((await wait(directory, 5_000)).isEverywhere).toBe(true);
  });

  it('names every laggard, with what it reported or why it could not be asked', async () => {
    const directory = fakeReplicas({ a: home(5), b: home(4), c: 'connection refused', d: [] });
    const { isEverywhere, laggards } = await wait(directory);
    expect(isEverywhere).toBe(false);
    expect(laggards).toEqual([
      'b serves version v4 at epoch 4',
      'c could not be asked: connection refused',
      'd serves nothing of this placement',
    ]);
  });

  it('fails where there is no replica at all, or nobody can say who they are', async () => {
    expect(await wait(changing({}))).toMatchObject({
      isEverywhere: false,
      laggards: ['dns:topshelf:9464: no replica at all'],
    });
    const lost = { ...fakeReplicas({}), list: () => Promise.reject(new Error('the resolver is away')) };
    expect((await wait(lost)).laggards).toEqual(['fake: the resolver is away']);
  });

  it('does not take one look for two when the time is over', async () => {
    const { isEverywhere, laggards } = await wait(fakeReplicas({ a: home(5) }), 0);
    expect(isEverywhere).toBe(false);
    expect(laggards).toHaveLength(1);
  });

  it('ends when it is interrupted', async () => {
    const request = { placement: 'home', epoch: 5, timeoutMs: 60_000, intervalMs: 10 };
    await expect(
      waitForReplicas(fakeReplicas({ a: home(1) }), request, AbortSignal.timeout(30)),
    ).rejects.toThrow();
  });
});
