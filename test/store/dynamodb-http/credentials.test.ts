import { describe, expect, it } from 'vitest';
import { createCredentialSource, type Credentials } from '../../../src/store/dynamodb-http/credentials.ts';

const MINUTE = 60_000;
const FOREVER = Infinity;

/** A provider whose credentials last an hour, and a clock that a test can turn. */
async function openSource(lastsMs = 60 * MINUTE) {
  const clock = { ms: 0 };
  const provider = { asked: [] as (boolean | undefined)[], isDown: false };
  const source = createCredentialSource(
    async ({ forceRefresh } = {}): Promise<Credentials> => {
      provider.asked.push(forceRefresh);
      if (provider.isDown) throw new Error('no credentials');
      const expiration = lastsMs === FOREVER ? undefined : new Date(clock.ms + lastsMs);
      return { accessKeyId: `key-${provider.asked.length}`, secretAccessKey: 'secret', expiration };
    },
    () => clock.ms,
  );
  const before = source.current();
  await source.fetch();
  const current = () => source.current()?.accessKeyId;
  return { clock, provider, source, current, before };
}

const turn = () => new Promise(setImmediate);

describe('a source of credentials', () => {
  it('has none before it has asked, and asks once for however many who wait', async () => {
    const { provider, source, current, before } = await openSource();
    expect(before).toBeUndefined();
    expect(current()).toBe('key-1');
    await Promise.all([source.fetch(), source.fetch()]);
    expect(provider.asked).toEqual([false, true]);
  });

  it('never asks again for credentials without an end', async () => {
    const { clock, provider, current } = await openSource(FOREVER);
    clock.ms = 1000 * 60 * MINUTE;
    expect(current()).toBe('key-1');
    expect(provider.asked).toHaveLength(1);
  });

  it('renews them five minutes ahead of their end, while the old ones go on', async () => {
    const { clock, provider, current } = await openSource();
    clock.ms = 54 * MINUTE;
    expect(current()).toBe('key-1');
    expect(provider.asked).toHaveLength(1);
    clock.ms = 55 * MINUTE + 1;
    expect(current()).toBe('key-1');
    await turn();
    expect(current()).toBe('key-2');
    expect(provider.asked).toEqual([false, true]);
  });

  it('asks a provider that fails every ten seconds, and has none when the old ones have ended', async () => {
    const { clock, provider, source, current } = await openSource();
    provider.isDown = true;
    for (clock.ms = 55 * MINUTE + 1; clock.ms < 56 * MINUTE; clock.ms += 1000) {
      expect(current()).toBe('key-1');
      await turn();
    }
    expect(provider.asked).toHaveLength(1 + 6);
    clock.ms = 60 * MINUTE;
    expect(current()).toBeUndefined();
    await expect(source.fetch()).rejects.toThrow('no credentials');
    provider.isDown = false;
    await source.fetch();
    expect(current()).toBe('key-9');
  });

  it('renews them when the server refuses them, but not again and again', async () => {
    const { clock, provider, source, current } = await openSource(FOREVER);
    clock.ms = MINUTE;
    for (let index = 0; index < 100; index += 1) source.refuse();
    await turn();
    expect(current()).toBe('key-2');
    source.refuse();
    await turn();
    expect(provider.asked).toHaveLength(2);
  });
});
