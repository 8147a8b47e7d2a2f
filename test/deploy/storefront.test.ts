import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readTitles } from '../../deploy/storefront/catalogue.ts';
import { createStorefront } from '../../deploy/storefront/storefront.ts';
import { createClient } from '../../src/client/client.ts';
import { buildTestApi } from '../support/build-test-api.ts';
import { bundledRanking } from '../support/real-data.ts';

const CATALOGUE = new URL('../data/products.csv', import.meta.url);
const USER = '12347';

/** The shop's page, as a browser gets it, from a topshelf that serves a bundled day. */
async function openShop() {
  const test = await buildTestApi();
  const ranking = bundledRanking('2011-12-07').get(USER) ?? [];
  const users = { [USER]: ranking.map((productId, index) => [productId, 1 - index / 100] as const) };
  await test.goLive({ number: 1, users, popular: [['22423', 0.3]] }, 1);
  const url = await test.api.listen({ host: '127.0.0.1', port: 0 });
  const localList = [{ productId: '<b>', score: 0 }];
  const client = createClient({ url, timeoutMs: 5000, localList });
  const shop = createStorefront({ client, titles: await readTitles(CATALOGUE) }).listen(0, '127.0.0.1');
  await once(shop, 'listening');
  onTestFinished(() => void shop.close().closeAllConnections());
  const { port } = shop.address() as AddressInfo;
  const get = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
  return { ...test, ranking, get };
}

const heading = (page: string) => /<h1>(.*)<\/h1>/.exec(page)?.[1];
const titlesOn = (page: string) => [...page.matchAll(/<li>(.*)<\/li>/g)].map(([, title]) => title);

describe('the example storefront', () => {
  it('shows a customer the five titles that are for them', async () => {
    const { get, ranking } = await openShop();
    const titles = await readTitles(CATALOGUE);
    const page = await get(`/?user=${USER}`);
    expect(heading(page)).toBe('For you');
    expect(titlesOn(page)).toHaveLength(5);
    expect(titlesOn(page)).toEqual(ranking.slice(0, 5).map((productId) => titles.get(productId)));
  });

  it('shows anybody else what is popular', async () => {
    const page = await (await openShop()).get('/');
    expect(heading(page)).toBe('Popular in the shop');
    expect(titlesOn(page)).toEqual(['REGENCY CAKESTAND 3 TIER']);
  });

  it('shows its own list while topshelf is away, and its products as text', async () => {
    const { get, api } = await openShop();
    await api.close();
    expect(titlesOn(await get(`/?user=${USER}`))).toEqual(['&#60;b&#62;']);
  });
});
