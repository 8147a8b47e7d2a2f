import { describe, expect, it } from 'vitest';
import type { Overview } from '../../src/console/views.ts';
import { useHome } from '../publishing/use-home.ts';
import { openConsole } from '../support/test-console.ts';

const home = useHome();

/** A console, and what a page would send that looks at it now. */
async function atWork() {
  const { epoch, table } = await home.live();
  const decision = { seen: { epoch, table }, by: 'Grace', reason: 'bad answers' };
  return { ...(await openConsole(home.publisher)), decision };
}

describe('an action', () => {
  it('rolls back, holds and quarantines, and is on record with who, why and through what', async () => {
    const first = await home.publishDay(0);
    const second = await home.publishDay(1);
    const { post, decision, log } = await atWork();
    const { status, body } = await post('/home/rollback', decision);
    expect([status, body]).toEqual([
      200,
      {
        version: first,
        epoch: 3,
        changed: true,
        warnings: [],
        text: `Version ${first} is live. Version ${second} is quarantined, and activations are held.`,
      },
    ]);
    const by = 'Grace (console of ada@shop)';
    expect(await home.live()).toMatchObject({
      version: first,
      activatedBy: by,
      hold: { by, reason: 'bad answers' },
    });
    expect((await home.records())[0]).toMatchObject({ action: 'rollback', by, reason: 'bad answers' });
    expect(log).toEqual([
      [
        { action: 'rollback', placement: 'home', version: first, epoch: 3, changed: true, by },
        expect.any(String),
      ],
    ]);
  });

  it('goes back to the version that is named', async () => {
    const first = await home.publishDay(0);
    await home.publishDay(1);
    await home.publishDay(2);
    const { post, decision } = await atWork();
    expect((await post('/home/rollback', { ...decision, to: first })).body).toMatchObject({ version: first });
  });

  it('releases the hold, and says where there is none', async () => {
    await home.publishDay(0);
    await home.publishDay(1);
    await home.goBack();
    const { post, decision } = await atWork();
    expect((await post('/home/release', decision)).body).toMatchObject({
      text: 'The hold is released.',
      epoch: 4,
    });
    expect((await home.live()).hold).toBeNull();
    const { epoch, table } = await home.live();
    const again = await post('/home/release', { ...decision, seen: { epoch, table } });
    expect(again.body).toMatchObject({ changed: false, text: 'Nothing was held.' });
  });

  it('blocks products and lets them back in', async () => {
    await home.publishDay(0);
    const { post, decision } = await atWork();
    const blocked = await post('/home/block', { ...decision, productIds: ['a', 'b'] });
    expect(blocked.body).toMatchObject({ text: 'Blocked: a, b.', epoch: 2 });
    const { epoch, table } = await home.live();
    const unblocked = await post('/home/unblock', { ...decision, seen: { epoch, table }, productIds: ['a'] });
    expect(unblocked.body).toMatchObject({ text: 'Blocked: b.', epoch: 3 });
    expect((await home.live()).blocked).toEqual(['b']);
  });

  it('is seen by whoever looks next, done or refused', async () => {
    await home.publishDay(0);
    const { get, post, decision } = await atWork();
    const epochShown = async () => (await get<Overview>('')).placements[0]?.epoch;
    expect(await epochShown()).toBe(1);
    await post('/home/block', { ...decision, productIds: ['a'] });
    expect(await epochShown()).toBe(2);
    await home.blockIds('b');
    expect((await post('/home/block', { ...decision, productIds: ['c'] })).status).toBe(409);
    expect(await epochShown()).toBe(3);
  });

  it('takes an id with a comma for a slip, unless it is said to be none', async () => {
    await home.publishDay(0);
    const { post, decision } = await atWork();
    const products = { ...decision, productIds: ['a,b'] };
    expect((await post('/home/block', products)).status).toBe(400);
    expect((await home.live()).epoch).toBe(1);
    expect((await post('/home/block', { ...products, withCommas: true })).status).toBe(200);
    expect((await home.live()).blocked).toEqual(['a,b']);
  });
});

describe('an action on a pointer that has moved', () => {
  it.each([
    ['rollback', {}],
    ['release', {}],
    ['block', { productIds: ['a'] }],
    ['unblock', { productIds: ['c'] }],
  ])('is refused: %s writes nothing, and says what is there now', async (action, more) => {
    await home.publishDay(0);
    await home.publishDay(1);
    await home.goBack();
    await home.blockIds('c');
    const { post, decision } = await atWork();
    await home.blockIds('d');
    const before = await home.live();
    const { status, body } = await post(`/home/${action}`, { ...decision, ...more });
    expect(status).toBe(409);
    expect(body).toMatchObject({ title: 'The pointer has moved' });
    expect(body.detail).toMatch(/decided on epoch 4, and it is at epoch 5 .*by ada@shop.*: recall/);
    expect(await home.live()).toEqual(before);
  });

  it('is refused where the write itself comes second', async () => {
    await home.publishDay(0);
    const { post, decision } = await atWork();
    const end = home.beforePuts(
      (key) => key.includes('/activations/'),
      async () => {
        end();
        await home.blockIds('other');
      },
    );
    expect((await post('/home/block', { ...decision, productIds: ['a'] })).status).toBe(409);
    expect((await home.live()).blocked).toEqual(['other']);
  });

  it('tells a bare table name from another one', async () => {
    await home.publishDay(0);
    const { table } = await home.live();
    const { post, decision } = await atWork();
    home.publisher.pointers.put('home', 'some-other-table');
    const seen = { epoch: null, table };
    expect((await post('/home/release', { ...decision, seen })).status).toBe(409);
    home.publisher.pointers.put('home', table);
    expect((await post('/home/release', { ...decision, seen })).status).toBe(200);
  });
});

describe('an action that cannot be done', () => {
  it.each([
    ['no reason', { reason: '  ' }, 'body.reason: must say why'],
    ['no name', { by: '' }, 'body.by: must name who acts'],
    ['what was seen left out', { seen: undefined }, 'body.seen'],
    ['a field nobody knows', { force: true }, 'force'],
    ['no product', { productIds: [] }, 'body.productIds: must name a product'],
    ['a product id that is none', { productIds: ['a\nb'] }, 'contains a control character'],
    ['a reason that no pointer holds', { reason: 'x'.repeat(501) }, 'must have 1 to 500 characters'],
  ])('is refused with 400 and why: %s', async (_, change, detail) => {
    await home.publishDay(0);
    const { post, decision } = await atWork();
    const { status, body, headers } = await post('/home/block', {
      ...decision,
      productIds: ['a'],
      ...change,
    });
    expect(status).toBe(400);
    expect(headers['content-type']).toContain('application/problem+json');
    expect(body.detail).toContain(detail);
    expect((await home.live()).epoch).toBe(1);
  });

  it('is a 404 for a placement that never was, and for a rollback that leads nowhere', async () => {
    await home.publishDay(0);
    const { post, decision } = await atWork();
    const nowhere = { ...decision, seen: { epoch: null, table: null } };
    expect((await post('/none/rollback', nowhere)).status).toBe(404);
    expect((await post('/home/rollback', decision)).status).toBe(404);
  });

  it('is a 503 with what is away, and a 500 without what broke', async () => {
    await home.publishDay(0);
    const { post, decision, log } = await atWork();
    const products = { ...decision, productIds: ['a'] };
    home.publisher.pointers.setFailing(true);
    const away = await post('/home/block', products);
    expect([away.status, away.body]).toMatchObject([503, { title: 'Not reachable' }]);
    home.publisher.pointers.setFailing(false);
    home.publisher.pointers.read = () => Promise.reject(new TypeError('inner secret'));
    const broken = await post('/home/block', products);
    expect(broken.status).toBe(500);
    expect(JSON.stringify(broken.body)).not.toContain('secret');
    expect(JSON.stringify(log)).toContain('failed unexpectedly');
  });
});
