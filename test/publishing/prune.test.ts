import { describe, expect, it } from 'vitest';
import {
  HeldError,
  LostRaceError,
  NotFoundError,
  StoreError,
  UnreachableError,
  UsageError,
} from '../../src/domain/errors.ts';
import { newVersion, tableName } from '../../src/domain/version.ts';
import { prune, type PruneRequest } from '../../src/publishing/prune.ts';
import type { ReplicaDirectory } from '../../src/publishing/replicas.ts';
import { sealOf } from '../contracts/prediction-store.contract.ts';
import { fakeReplicas } from '../support/replicas.ts';
import { never } from './fixtures.ts';
import { useHome } from './use-home.ts';

const home = useHome();
const { live, records, loadDay, publishDay, activateVersion, goBack, letGo, placement } = home;
const DAY_MS = 86_400_000;

const rules = { placement, keepVersions: 2, minAgeMs: 3_600_000, graceMs: 0 };
const pruning = (changes: Partial<PruneRequest> = {}) =>
  prune(home.publisher, { ...rules, isConfirmed: true, ...changes }, never);
const tables = async () => (await home.publisher.tables.list('topshelf-home-', never)).sort();
const tableOf = (version: string) => tableName('topshelf', placement, version);
const outcomes = ({ versions }: Awaited<ReturnType<typeof prune>>) =>
  Object.fromEntries(versions.map(({ version, outcome }) => [version, outcome]));

/** Publishes so many days, a day apart, and lets the last one grow old. */
async function publishDays(count: number): Promise<string[]> {
  const versions: string[] = [];
  for (let day = 0; day < count; day++) {
    versions.push(await publishDay(day));
    home.publisher.advance(DAY_MS);
  }
  return versions;
}

describe('prune', () => {
  it('deletes what is neither live, nor a rollback’s target, nor among the newest, nor young', async () => {
    const [first = '', second = '', third = '', fourth = ''] = await publishDays(4);
    const pruned = await pruning();
    expect(outcomes(pruned)).toEqual({
      [fourth]: 'kept',
      [third]: 'kept',
      [second]: 'deleted',
      [first]: 'deleted',
    });
    expect(pruned.versions.map(({ why }) => why).slice(0, 2)).toEqual([
      'is live',
      'is what a rollback goes to',
    ]);
    expect(await tables()).toEqual([third, fourth].map(tableOf));
    expect((await goBack()).version).toBe(third);
  });

  it('says what it would delete, and deletes and writes nothing, until it is told to', async () => {
    const [first = ''] = await publishDays(3);
    const pruned = await pruning({ isConfirmed: false });
    expect(outcomes(pruned)[first]).toBe('would-delete');
    expect(pruned.epoch).toBeNull();
    expect((await live()).epoch).toBe(3);
    expect(await tables()).toHaveLength(3);
  });

  it('keeps what is younger than the minimum age', async () => {
    const [first = '', second = ''] = await publishDays(4);
    expect(outcomes(await pruning({ minAgeMs: 3.5 * DAY_MS }))).toMatchObject({
      [first]: 'deleted',
      [second]: 'kept',
    });
  });

  it('keeps the targets of further rollbacks too, and not versions that a rollback left', async () => {
    const [first = '', second = '', third = '', fourth = ''] = await publishDays(4);
    await goBack();
    home.publisher.advance(DAY_MS);
    const pruned = await pruning({ keepVersions: 3 });
    expect(outcomes(pruned)).toEqual({
      [first]: 'kept',
      [second]: 'kept',
      [third]: 'kept',
      [fourth]: 'deleted',
    });
    expect((await goBack()).version).toBe(second);
    expect((await goBack()).version).toBe(first);
  });

  it('protects the target of a rollback however many versions were loaded since and never went live', async () => {
    const [first = '', second = ''] = await publishDays(2);
    for (const day of [2, 3, 4]) {
      await loadDay(day);
      home.publisher.advance(DAY_MS);
    }
    expect(outcomes(await pruning())).toMatchObject({ [first]: 'kept', [second]: 'kept' });
  });

  it('marks versions as retired before it deletes, so that none can be chosen meanwhile', async () => {
    const [first = '', second = ''] = await publishDays(4);
    const deleted: string[] = [];
    home.publisher.tables.faults.beforeDelete = async (table) => {
      expect((await live()).retired).toEqual(expect.arrayContaining([first, second]));
      await expect(activateVersion(first)).rejects.toThrow('is retired: its table is about to be deleted');
      deleted.push(table);
    };
    await pruning();
    expect(deleted.sort()).toEqual([first, second].map(tableOf));
    expect((await records())[0]).toMatchObject({ action: 'retire', retired: [second, first] });
  });

  it('loses its race to whoever wrote the pointer since it read, and deletes nothing', async () => {
    const [first = ''] = await publishDays(3);
    const list = home.publisher.tables.list.bind(home.publisher.tables);
    home.publisher.tables.list = async (...args) => {
      home.publisher.tables.list = list;
      await goBack(first);
      return list(...args);
    };
    await expect(pruning()).rejects.toBeInstanceOf(LostRaceError);
    expect(await tables()).toContain(tableOf(first));
    expect((await live()).version).toBe(first);
  });

  it('looks again after the grace, and spares what went live by hand meanwhile', async () => {
    const [first = ''] = await publishDays(3);
    const running = pruning({ graceMs: 300 });
    await expect.poll(async () => (await live()).retired).toContain(first);
    home.publisher.pointers.put(placement, tableOf(first));
    await expect(running).rejects.toBeInstanceOf(HeldError);
    expect(await tables()).toContain(tableOf(first));
  });

  it('reports a delete that failed, and tries again at the next pruning', async () => {
    const [first = ''] = await publishDays(3);
    home.publisher.tables.faults.beforeDelete = () => Promise.reject(new StoreError('no permission'));
    const failed = await pruning();
    expect(outcomes(failed)[first]).toBe('failed');
    expect(failed.warnings[0]).toContain(
      'could not be deleted (no permission); the next pruning tries again',
    );
    home.publisher.tables.faults.beforeDelete = undefined;
    const again = await pruning();
    expect(outcomes(again)[first]).toBe('deleted');
    expect(again.epoch).toBeNull();
    expect(await tables()).toHaveLength(2);
  });

  it('takes deleted versions off the list when it next writes it', async () => {
    const [first = '', second = ''] = await publishDays(3);
    await pruning();
    expect((await live()).retired).toEqual([first]);
    await publishDay(3);
    home.publisher.advance(DAY_MS);
    await pruning();
    expect((await live()).retired).toEqual([second]);
  });

  it('retires no more at once than the list holds', async () => {
    await publishDays(2);
    const old = Array.from({ length: 25 }, (_, at) =>
      newVersion(Date.parse('2026-11-01T00:00:00Z') + at * 1000, at),
    );
    for (const version of old) {
      await home.publisher.tables.create(tableOf(version), never);
      await home.publisher.tables.seal(tableOf(version), sealOf(version, 1), never);
    }
    const pruned = await pruning();
    expect(
      pruned.versions.filter(({ outcome }) => outcome === 'deleted').map(({ version }) => version),
    ).toEqual(old.slice(0, 20).reverse());
    expect(pruned.versions.find(({ version }) => version === old[24])?.why).toContain(
      'waits for the next pruning',
    );
    expect(outcomes(await pruning())[old[24] ?? '']).toBe('deleted');
  });

  it('deletes what a load left without a seal, once no load can be under way in it', async () => {
    await publishDays(2);
    const version = newVersion(home.publisher.now(), 1);
    await home.publisher.tables.create(tableOf(version), never);
    home.publisher.advance(DAY_MS / 2);
    const young = await pruning();
    expect(young.versions[0]).toMatchObject({ version, outcome: 'kept' });
    expect(young.versions[0]?.why).toContain('under way');
    home.publisher.advance(DAY_MS / 2);
    expect(outcomes(await pruning())[version]).toBe('deleted');
  });

  it('spares a table that is written to during the grace, and does not keep its version retired', async () => {
    await publishDays(2);
    const version = newVersion(home.publisher.now(), 1);
    const [table, { tables }] = [tableOf(version), home.publisher];
    await tables.create(table, never);
    await tables.writeProgress(table, { contentHash: 'sha256:a', users: 10 }, never);
    home.publisher.advance(2 * DAY_MS);
    const loading = setTimeout(() => {
      void tables.writeProgress(table, { contentHash: 'sha256:a', users: 35 }, never);
    }, 10);
    const pruned = await pruning({ graceMs: 200 });
    clearTimeout(loading);
    expect(pruned.versions[0]).toMatchObject({ version, outcome: 'kept' });
    expect(pruned.versions[0]?.why).toContain('its load is under way');
    expect((await live()).retired).toEqual([]);
    expect(outcomes(await pruning())[version]).toBe('deleted');
  });

  it('spares a table that is sealed during the grace, and lets its version be activated', async () => {
    await publishDays(2);
    const sealed = await loadDay(2);
    const table = tableOf(sealed);
    const seal = await home.publisher.tables.readSeal(table, never);
    if (seal === null) throw new Error('it has a seal');
    home.publisher.advance(2 * DAY_MS);
    let reads = 0;
    const readSeal = home.publisher.tables.readSeal.bind(home.publisher.tables);
    // As if the seal came after the plan was made.
    home.publisher.tables.readSeal = async (name, signal) =>
      name === table && ++reads === 1 ? null : readSeal(name, signal);
    const pruned = await pruning();
    expect(pruned.versions.find(({ version }) => version === sealed)).toMatchObject({ outcome: 'kept' });
    expect((await live()).retired).toEqual([]);
    expect((await activateVersion(sealed)).version).toBe(sealed);
  });

  it('needs a pointer of topshelf’s own, and at least two versions to keep', async () => {
    await expect(pruning()).rejects.toBeInstanceOf(NotFoundError);
    await publishDays(1);
    await expect(pruning({ keepVersions: 1 })).rejects.toBeInstanceOf(UsageError);
    home.publisher.pointers.put(placement, 'by-hand');
    await expect(pruning()).rejects.toBeInstanceOf(HeldError);
  });

  it('deletes nothing where the mark could not be recorded', async () => {
    await publishDays(3);
    home.failPuts((key) => key.endsWith('/4.json'));
    await expect(pruning()).rejects.toThrow('Nothing was deleted');
    expect(await tables()).toHaveLength(3);
  });

  it('can go on under a hold, and after a release', async () => {
    const [first = ''] = await publishDays(4);
    await goBack();
    expect(outcomes(await pruning())[first]).toBe('deleted');
    await letGo();
    expect((await live()).retired).toContain(first);
  });
});

describe('prune with replicas', () => {
  const serving = (version: string) => ({ placement, epoch: 1, version, table: tableOf(version) });

  it('keeps what a replica still serves', async () => {
    const [first = '', second = ''] = await publishDays(4);
    const pruned = await pruning({
      replicas: fakeReplicas({ 'http://a': [serving(first)], 'http://b': [] }),
    });
    expect(outcomes(pruned)).toMatchObject({ [first]: 'kept', [second]: 'deleted' });
    expect(pruned.versions.at(-1)?.why).toBe('is served by http://a');
  });

  it('asks again after the grace', async () => {
    const [first = ''] = await publishDays(3);
    let rounds = 0;
    const replicas: ReplicaDirectory = {
      ...fakeReplicas({ 'http://a': [] }),
      ask: async () => ({ placements: ++rounds > 1 ? [serving(first)] : [] }),
    };
    expect(outcomes(await pruning({ replicas }))[first]).toBe('kept');
    expect((await live()).retired).toEqual([first]);
  });

  it('deletes nothing where one cannot be asked, or there is none', async () => {
    await publishDays(3);
    const silent = pruning({ replicas: fakeReplicas({ 'http://a': [], 'http://b': 'connection refused' }) });
    await expect(silent).rejects.toBeInstanceOf(UnreachableError);
    await expect(silent).rejects.toThrow('http://b could not be asked: connection refused');
    await expect(pruning({ replicas: fakeReplicas({}) })).rejects.toThrow('no replica at all');
    expect(await tables()).toHaveLength(3);
    expect((await live()).epoch).toBe(3);
  });
});
