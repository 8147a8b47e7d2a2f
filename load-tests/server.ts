import { userIdOf } from './draw.ts';
import { applyLoad, type Load } from './load.ts';

const USERS_PER_POST = 100;
const CAPACITY_SECONDS = 3;
const CAPACITY_CONNECTIONS = 128;

/** Asks for these users, a hundred at a time, so that they are in the server's cache. */
export async function fillCache(api: string, users: Iterable<number>): Promise<void> {
  let userIds: string[] = [];
  const ask = async () => {
    const request = { method: 'POST', headers: { 'content-type': 'application/json' } };
    const answer = await fetch(`${api}/recommendations`, { ...request, body: JSON.stringify({ userIds }) });
    await answer.arrayBuffer();
    if (!answer.ok) throw new Error(`filling the cache was answered with ${answer.status}`);
    userIds = [];
  };
  for (const user of users) {
    userIds.push(userIdOf(user));
    if (userIds.length === USERS_PER_POST) await ask();
  }
  if (userIds.length > 0) await ask();
}

/**
 * Requests a second that a server answers at most with this load, or that the load reaches at most. The first run is
 * for compiling.
 */
export async function capacityOf(api: string, nextUser: Load['nextUser']): Promise<number> {
  const load = { connections: CAPACITY_CONNECTIONS, nextUser };
  await applyLoad(api, CAPACITY_SECONDS, load);
  const { requests, seconds } = await applyLoad(api, CAPACITY_SECONDS, load);
  return requests / seconds;
}
