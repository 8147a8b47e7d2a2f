import { describe, expect, it } from 'vitest';
import { UnreachableError } from '../../src/domain/errors.ts';
import { createOverview } from '../../src/console/overview.ts';
import type { Checks, History, LookedUp, Overview } from '../../src/console/views.ts';
import type { CheckReport } from '../../src/publishing/check/report.ts';
import { never } from '../publishing/fixtures.ts';
import { useHome } from '../publishing/use-home.ts';
import { fakeReplicas } from '../support/replicas.ts';
import { openConsole } from '../support/test-console.ts';

const home = useHome();
const serving = (epoch: number) => [{ placement: 'home', epoch, version: 'v', table: 't' }];

describe('the overview', () => {
  it('tells of each placement what is live, by whom and why, the gate’s word, and what is held and blocked', async () => {
    await home.publishDay(0);
    const second = await home.publishDay(1);
    await home.blockIds('product-1', 'product-2');
    home.publisher.pointers.put('cart', '{');
    const { get } = await openConsole(home.publisher, { titles: new Map([['product-1', 'MUG']]) });
    const { placements, titles, replicasProblem } = await get<Overview>('');
    expect(placements).toMatchObject([
      { placement: 'cart', pointer: 'malformed', version: null, verdict: null },
      {
        placement: 'home',
        version: second,
        epoch: 3,
        by: 'ada@shop',
        reason: 'recall',
        ageSeconds: expect.any(Number) as number,
        hold: null,
        blocked: ['product-1', 'product-2'],
        verdict: { passed: true, stoppedBy: [] },
        verdictProblem: null,
        replicas: null,
      },
    ]);
    expect(titles).toEqual({ 'product-1': 'MUG' });
    expect(replicasProblem).toBeNull();
  });

  it('asks each replica once, however many placements there are, and tells of those that do not answer', async () => {
    await home.publishDay(0);
    home.publisher.pointers.put('cart', 'some-table');
    const replicas = fakeReplicas({ near: serving(1), far: 'no answer in time' }, { near: '' });
    let asked = 0;
    const { get } = await openConsole(home.publisher, {
      replicas: { ...replicas, ask: (...args) => (asked++, replicas.ask(...args)) },
    });
    const { placements } = await get<Overview>('');
    expect(placements[1]?.replicas).toEqual([
      { replica: 'near', epoch: 1, version: 'v', table: 't', problem: null, rates: null, ratesProblem: null },
      {
        ...{ replica: 'far', epoch: null, version: null, table: null },
        ...{ problem: 'no answer in time', rates: null, ratesProblem: 'no metrics' },
      },
    ]);
    expect(placements[0]?.replicas?.map(({ epoch }) => epoch)).toEqual([null, null]);
    expect(asked).toBe(2);
  });

  it('is there also while archive and replicas are away, and says so', async () => {
    const version = await home.publishDay(0);
    home.publisher.archive.list = () => Promise.reject(new UnreachableError('the archive is away'));
    const replicas = {
      ...fakeReplicas({}),
      list: () => Promise.reject(new UnreachableError('no such name')),
    };
    const { get } = await openConsole(home.publisher, { replicas });
    expect(await get<Overview>('')).toMatchObject({
      replicasProblem: 'no such name',
      placements: [{ version, verdict: null, verdictProblem: 'the archive is away', replicas: [] }],
    });
  });

  it('is a 503 while the pointer store is away, and there again at the next look', async () => {
    await home.publishDay(0);
    const { look } = await openConsole(home.publisher);
    home.publisher.pointers.setFailing(true);
    expect((await look('')).status).toBe(503);
    home.publisher.pointers.setFailing(false);
    expect((await look('')).status).toBe(200);
  });

  it('is read once for all who look at about the same time, and anew after an action', async () => {
    await home.publishDay(0);
    let readings = 0;
    const { pointers } = home.publisher;
    const listPlacements: typeof pointers.listPlacements = (signal) => (
      readings++,
      pointers.listPlacements(signal)
    );
    const context = { ...home.publisher, pointers: { ...pointers, listPlacements } };
    const overview = createOverview({ context, replicas: undefined, titles: new Map() });
    await Promise.all([overview.read(), overview.read()]);
    await overview.read();
    expect(readings).toBe(1);
    overview.forget();
    await overview.read();
    expect(readings).toBe(2);
  });
});

describe('the history', () => {
  it('tells who wrote the pointer and why, newest first, as many as asked for', async () => {
    await home.publishDay(0);
    await home.publishDay(1);
    await home.goBack();
    const { get } = await openConsole(home.publisher);
    const { entries } = await get<History>('/home/history?count=2');
    expect(entries.map(({ epoch, action, reason }) => [epoch, action, reason])).toEqual([
      [3, 'rollback', 'bad answers'],
      [2, 'activate', 'day 1'],
    ]);
    expect((await get<History>('/home/history')).entries).toHaveLength(3);
  });

  it('is a 404 for a placement that never was', async () => {
    const { look } = await openConsole(home.publisher);
    expect((await look('/none/history')).status).toBe(404);
    expect((await look('/none/checks')).status).toBe(404);
  });
});

describe('the gate’s reports', () => {
  it('come whole, newest first, each check with what was measured and which way its threshold goes', async () => {
    const first = await home.publishDay(0);
    const second = await home.publishDay(1);
    const { get } = await openConsole(home.publisher);
    const { reports, criteria } = await get<Checks>('/home/checks');
    expect(reports.map(({ candidate, live }) => [candidate.version, live?.version])).toEqual([
      [second, first],
      [first, undefined],
    ]);
    const overlap = reports[0]?.checks.find(({ name }) => name === 'overlap');
    expect(overlap).toMatchObject({ outcome: 'passed', measured: 1, threshold: 0.65 });
    expect(criteria).toMatchObject({
      overlap: { bound: 'at least', what: expect.any(String) as string },
      'users-lost': { bound: 'at most' },
    });
    expect(reports[0]?.measurements).toHaveProperty('baseline.comparison.scoreBins.live');
  });

  it('are found from the activations that they let pass, also one by one', async () => {
    const first = await home.publishDay(0);
    await home.publishDay(1);
    await home.goBack();
    const { get, look } = await openConsole(home.publisher);
    const { entries } = await get<History>('/home/history');
    const [rollback, , activation] = entries;
    expect(rollback).toMatchObject({ action: 'rollback', check: null });
    const id = String(activation?.check);
    expect(await get<CheckReport>(`/home/checks/${id}`)).toMatchObject({
      ...{ id, passed: true },
      candidate: { version: first },
    });
    expect((await look(`/home/checks/${id.slice(0, -6)}000000`)).status).toBe(404);
    expect((await look('/home/checks/..%2factivations%2f1')).status).toBe(400);
  });

  it('have the live version’s among them, however many were made since', async () => {
    const version = await home.publishDay(0);
    const { get } = await openConsole(home.publisher);
    const [report] = (await get<Checks>('/home/checks')).reports;
    const later = Array.from({ length: 12 }, (_, day) => `20990101T0000${10 + day}Z-000000`);
    for (const each of later) {
      const other = { ...report, id: `${each}-${each}`, candidate: { ...report?.candidate, version: each } };
      await home.publisher.archive.putOnce(`home/checks/${other.id}.json`, JSON.stringify(other), never);
    }
    const served = (await get<Checks>('/home/checks')).reports.map(({ candidate }) => candidate.version);
    expect(served).toEqual([...later.slice(-10).reverse(), version]);
  });
});

describe('the look-up of a user', () => {
  it('shows each version’s list side by side, with titles, and what is answered', async () => {
    await home.publishDay(0);
    const second = await home.publishDay(1);
    const { post } = await openConsole(home.publisher, { titles: new Map([['sixth-1', 'A SIXTH']]) });
    const found = (await post('/home/explain', { userId: 'user-3' })).body as unknown as LookedUp;
    expect(found.live).toBe(second);
    expect(found.versions.map(({ state, products }) => [state, products?.length])).toEqual([
      ['live', 6],
      ['sealed', 6],
    ]);
    expect(found.answer).toMatchObject({ source: 'personalized' });
    expect(found.titles).toEqual({ 'sixth-1': 'A SIXTH' });
  });

  it('refuses what is no user id, and a placement that never was', async () => {
    await home.publishDay(0);
    const { post, log } = await openConsole(home.publisher);
    const refused = await post('/home/explain', { userId: '#seal' });
    expect(refused.status).toBe(400);
    expect(refused.body.detail).toContain('begins with #');
    expect((await post('/none/explain', { userId: 'user-3' })).status).toBe(404);
    expect(log).toEqual([]);
  });
});
