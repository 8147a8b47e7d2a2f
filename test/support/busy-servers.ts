import { setTimeout as delay } from 'node:timers/promises';
import { StoreError, StoreThrottledError } from '../../src/domain/errors.ts';
import { createMemoryPointers } from '../../src/pointer/memory.ts';
import { buildLiveApi, buildTestApi, VERSION_1, type TestApi } from './build-test-api.ts';
import { collectGarbage } from './collect-garbage.ts';
import { createMemorySavedPointers, poll } from './serving.ts';
import { list, point, pointerTo } from './versions.ts';

const MANY = Array.from({ length: 60 }, (_, index) => `user-${index}`);

/**
 * Servers to which everything has happened that they count: each source and reason, swaps, faults of table and pointer.
 * Resolves with what they expose to Prometheus.
 */
export async function scrapeBusyServers(): Promise<string> {
  const servers = [await serve(), await cannotList(), await cannotSave()];
  const texts: string[] = [];
  for (const { ops } of servers) texts.push((await ops.inject('/metrics')).body);
  return texts.join('\n');
}

async function serve(): Promise<TestApi> {
  const test = await buildLiveApi({ config: { requestDeadlineMs: 120, readTimeoutMs: 60 } });
  const { store, get, post, target, clock } = test;
  const users = Object.fromEntries(MANY.map((userId) => [userId, list('a', 'b', 'c', 'd', 'e')]));

  for (const userId of ['anna', 'anna', 'bert', 'nobody', 'nobody']) await get(`/recommendations/${userId}`);
  await post({ userIds: ['anna', 'carl'] });
  await get('/recommendations/anna?limit=0');
  await store.write(target.table, [{ userId: 'odd', items: '[["a","high"]]' }], AbortSignal.timeout(1000));
  await get('/recommendations/odd');

  // A read that is slow at first is hedged, until slow ones have used up their share.
  for (const userId of MANY.slice(0, 30)) {
    let calls = 0;
    store.faults.beforeRead = () => ((calls += 1) === 1 ? delay(40) : undefined);
    await get(`/recommendations/slow-${userId}`);
  }
  store.faults.beforeRead = undefined;
  const left = new Set(['left-1', 'left-2']);
  store.faults.throttled = (userId) => left.delete(userId);
  await post({ userIds: ['left-1', 'left-2', 'anna'] });
  store.faults.throttled = undefined;

  clock.ms += 700_000;
  // Throttling opens no breaker while the table has served somebody lately; failures do.
  for (const [index, userId] of ['anna', ...MANY].entries()) {
    store.faults.beforeRead = () =>
      Promise.reject(index === 1 ? new StoreThrottledError('slow down') : new StoreError('down'));
    await get(`/recommendations/${userId}`);
  }
  await get('/recommendations/nobody-else?fallback=none');
  store.faults.beforeRead = undefined;

  await test.goLive({ ...VERSION_1, number: 2, users }, 2);
  point(test.pointers, pointerTo(target, 3, { blocked: ['a'] }));
  await poll(test);
  point(test.pointers, pointerTo(target, 4, { blocked: [] }));
  await poll(test);
  test.pointers.put('home', '{');
  await poll(test);
  collectGarbage();
  await delay(50);
  return test;
}

async function cannotList(): Promise<TestApi> {
  const pointers = createMemoryPointers();
  pointers.setFailing(true);
  return buildTestApi({ pointers, config: { placements: '*' } });
}

async function cannotSave(): Promise<TestApi> {
  const save = () => Promise.reject(new Error('the disk is full'));
  return buildLiveApi({ saved: { ...createMemorySavedPointers(), save } });
}
