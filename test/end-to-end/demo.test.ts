import { describe, expect, it } from 'vitest';
import { startDemo } from '../support/start-demo.ts';
import { bundledFile, bundledRanking } from '../support/real-data.ts';
import { recommend } from '../support/shop.ts';

const SOON = { timeout: 5000, interval: 100 };

describe('the demo', () => {
  it('serves the bundled day, and swaps, rolls back, adds placements and blocks while it runs', async () => {
    const demo = await startDemo();
    const { server } = demo;
    const five = (day: '2011-11-25' | '2011-12-07', userId: string) =>
      bundledRanking(day).get(userId)?.slice(0, 5) ?? [];
    expect(await recommend(server, '12347')).toMatchObject({
      source: 'personalized',
      products: five('2011-12-07', '12347'),
    });
    expect(await recommend(server, 'nobody')).toMatchObject({ source: 'popular', reason: 'unknown-user' });
    const { version: bundled } = await recommend(server, '12347');
    const user = [...bundledRanking('2011-11-25').keys()].find(
      (userId) => five('2011-11-25', userId).join() !== five('2011-12-07', userId).join(),
    );
    if (user === undefined) throw new Error('the two days do not differ');

    await demo.topshelf('publish', bundledFile('2011-11-25'), '--placement', 'home');
    await expect
      .poll(() => recommend(server, user), SOON)
      .toMatchObject({ products: five('2011-11-25', user) });

    await demo.topshelf('rollback', '--placement', 'home');
    await expect
      .poll(() => recommend(server, user), SOON)
      .toMatchObject({
        version: bundled,
        products: five('2011-12-07', user),
      });
    await expect(
      demo.topshelf('publish', bundledFile('2011-11-25'), '--placement', 'home'),
    ).rejects.toMatchObject({
      code: 3,
    });

    expect((await recommend(server, user, '?placement=cart')).status).toBe(404);
    await demo.topshelf('publish', bundledFile('2011-11-25'), '--placement', 'cart');
    await expect
      .poll(() => recommend(server, user, '?placement=cart'), SOON)
      .toMatchObject({ source: 'personalized', products: five('2011-11-25', user) });

    const popular = await recommend(server, 'nobody');
    const [blocked = ''] = popular.products;
    const owner = [...bundledRanking('2011-12-07')].find(
      ([, products]) => products.indexOf(blocked) in [0, 1, 2],
    );
    if (owner === undefined) throw new Error(`nobody has ${blocked} among the first three`);
    expect((await recommend(server, owner[0])).products).toContain(blocked);
    await demo.topshelf('block', blocked, '--placement', 'home');
    await expect.poll(async () => (await recommend(server, 'nobody')).products, SOON).not.toContain(blocked);
    for (const userId of ['nobody', owner[0], user]) {
      const { products } = await recommend(server, userId);
      expect(products).toHaveLength(5);
      expect(products).not.toContain(blocked);
    }

    expect(await demo.stop()).toBe(0);
    await expect(demo.topshelf('status')).rejects.toMatchObject({ code: 64 });
  }, 120_000);
});
