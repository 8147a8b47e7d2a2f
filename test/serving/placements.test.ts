import { describe, expect, it } from 'vitest';
import { Lifecycle } from '../../src/serving/lifecycle.ts';
import { logServing } from '../../src/serving/log-serving.ts';
import { ask, openServing, poll, products, type FixtureOptions } from '../support/serving.ts';
import { list, point, pointerTo, storeVersion } from '../support/versions.ts';

const contentOf = (placement: string, number: number) => ({
  placement,
  number,
  users: { anna: list(`${placement}-1`, `${placement}-2`) },
});

async function withPlacements(names: readonly string[], options: FixtureOptions = {}) {
  const fixture = openServing(options);
  for (const [index, placement] of names.entries()) {
    point(fixture.pointers, pointerTo(await storeVersion(fixture.store, contentOf(placement, index + 1)), 1));
  }
  await fixture.serving.placements.start();
  return fixture;
}

describe('a server of named placements', () => {
  it('answers each from its own predictions', async () => {
    const fixture = await withPlacements(['home', 'cart'], { config: { placements: ['home', 'cart'] } });
    expect(products(await ask(fixture, 'anna', {}, 'home'))).toEqual(['home-1', 'home-2']);
    expect(products(await ask(fixture, 'anna', {}, 'cart'))).toEqual(['cart-1', 'cart-2']);
  });

  it('knows no other, though the pointer store does', async () => {
    const fixture = await withPlacements(['home', 'cart'], { config: { placements: ['home'] } });
    expect(fixture.serving.placements.lookUp('cart').kind).toBe('absent');
  });

  it('is ready with one of them live; the other is absent until it has a pointer', async () => {
    const fixture = await withPlacements(['home'], { config: { placements: ['home', 'cart'] } });
    expect(fixture.serving.placements.isReady).toBe(true);
    expect(fixture.serving.placements.lookUp('cart').kind).toBe('absent');
    point(fixture.pointers, pointerTo(await storeVersion(fixture.store, contentOf('cart', 9)), 1));
    await poll(fixture, 'cart');
    expect(fixture.serving.placements.lookUp('cart').kind).toBe('live');
  });

  it('is not ready, and says not-yet, while nothing is live', async () => {
    const fixture = await withPlacements([]);
    expect(fixture.serving.placements.isReady).toBe(false);
    expect(fixture.serving.placements.lookUp('home').kind).toBe('not-yet');
    expect(fixture.serving.placements.lookUp('nonsense').kind).toBe('not-yet');
  });

  it('says not-yet of a placement whose pointer cannot be read, and absent of no other', async () => {
    const fixture = openServing({ config: { placements: ['home', 'cart'] } });
    point(fixture.pointers, pointerTo(await storeVersion(fixture.store, contentOf('home', 1)), 1));
    point(
      fixture.pointers,
      pointerTo(await storeVersion(fixture.store, contentOf('cart', 2), { sealed: false }), 1),
    );
    await fixture.serving.placements.start();
    expect(fixture.serving.placements.lookUp('cart').kind).toBe('not-yet');
    expect(fixture.serving.placements.lookUp('other').kind).toBe('absent');
  });
});

describe('a server of all placements', () => {
  const config = { placements: '*', pointerPollMs: 20 } as const;

  it('serves what has a pointer at its start, and takes on others as they appear', async () => {
    const fixture = await withPlacements(['home'], { config });
    expect(fixture.serving.placements.lookUp('cart').kind).toBe('absent');
    point(fixture.pointers, pointerTo(await storeVersion(fixture.store, contentOf('cart', 9)), 1));
    await expect.poll(() => fixture.serving.placements.lookUp('cart').kind).toBe('live');
    expect(products(await ask(fixture, 'anna', {}, 'cart'))).toEqual(['cart-1', 'cart-2']);
  });

  it('finds them also when the pointer store was away at its start', async () => {
    const fixture = openServing({ config });
    fixture.pointers.setFailing(true);
    await fixture.serving.placements.start();
    expect(fixture.serving.placements.lookUp('home').kind).toBe('not-yet');
    point(fixture.pointers, pointerTo(await storeVersion(fixture.store, contentOf('home', 1)), 1));
    fixture.pointers.setFailing(false);
    await expect.poll(() => fixture.serving.placements.lookUp('home').kind).toBe('live');
    await expect.poll(() => fixture.serving.placements.isReady).toBe(true);
  });

  it('passes over names that no placement can have', async () => {
    const fixture = openServing({ config });
    fixture.pointers.put('Not a placement', 'anything');
    await fixture.serving.placements.start();
    expect([...fixture.serving.placements.all()]).toEqual([]);
  });
});

describe('the log of serving', () => {
  it('says once that a pointer store is away, and once that it is back', () => {
    const lines: string[] = [];
    const write = (_: object, message: string) => void lines.push(message);
    const log = logServing({ info: write, warn: write });
    for (let time = 0; time < 3; time += 1) log.pointerUnreadable?.('home', new Error('away'));
    log.pointerRead?.('home');
    log.pointerRead?.('home');
    expect(lines).toEqual([
      'the pointer of home cannot be read; what is served stays as it is',
      'the pointer of home can be read again',
    ]);
  });

  it('tells of swaps, refusals, breakers and saved pointers', async () => {
    const lines: string[] = [];
    const write = (_: object, message: string) => void lines.push(message);
    const fixture = await withPlacements(['home'], { observer: logServing({ info: write, warn: write }) });
    fixture.pointers.put('home', '{');
    await poll(fixture);
    const log = logServing({ info: write, warn: write });
    log.breakerChanged?.('home', 'open');
    log.savedPointerFailed?.('home', new Error('disk full'));
    expect(lines).toEqual([
      'placement home now serves version 20261121T000000Z-000001 (pointer)',
      expect.stringMatching(/^the pointer of home is not adopted \(refused\): the pointer is not valid JSON/),
      'the breaker of placement home is open',
      'the pointer of home could not be saved or loaded',
    ]);
  });
});

describe('the lifecycle', () => {
  it('goes forward only, and tells of each change once', () => {
    const changes: string[] = [];
    const lifecycle = new Lifecycle((from, to) => changes.push(`${from} → ${to}`));
    for (const state of ['ready', 'ready', 'draining', 'ready', 'closed'] as const) lifecycle.advance(state);
    expect(changes).toEqual(['starting → ready', 'ready → draining', 'draining → closed']);
    expect(lifecycle.state).toBe('closed');
  });

  it('may drain before it was ever ready', () => {
    const lifecycle = new Lifecycle(() => undefined);
    lifecycle.advance('draining');
    lifecycle.advance('ready');
    expect(lifecycle.state).toBe('draining');
  });
});
