import { Agent } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { publish } from '../../src/publishing/publish.ts';
import { keepAliveGet } from '../support/keep-alive-get.ts';
import { bundledFile, bundledRanking } from '../support/real-data.ts';
import { openShop, recommend } from '../support/shop.ts';

const quiet = () => undefined;
const signal = () => AbortSignal.timeout(120_000);

describe('real predictions, published and served over HTTP', () => {
  it(
    'give every one of a day’s 4,325 users exactly the file’s top five, by rank',
    { timeout: 120_000 },
    async () => {
      const shop = await openShop();
      const server = await shop.serve();
      await publish(
        shop.context,
        { placement: 'home', paths: [bundledFile('2011-12-07')], reason: 'test' },
        quiet,
        signal(),
      );
      await expect.poll(async () => (await recommend(server, '12347')).status, { timeout: 5000 }).toBe(200);

      const ranking = [...bundledRanking('2011-12-07')];
      expect(ranking).toHaveLength(4325);
      const wrong: unknown[] = [];
      const agent = new Agent({ keepAlive: true });
      onTestFinished(() => agent.destroy());
      const next = ranking.values();
      const caller = async () => {
        for (const [userId, products] of next) {
          const { body } = await keepAliveGet(agent, `${server.api}/recommendations/${userId}`);
          const expected = products.slice(0, 5);
          const { source, recommendations } = JSON.parse(body) as {
            source: string;
            recommendations: { productId: string }[];
          };
          const given = recommendations.map(({ productId }) => productId);
          if (source !== 'personalized' || given.join() !== expected.join()) wrong.push({ expected, body });
        }
      };
      await Promise.all(Array.from({ length: 16 }, caller));
      expect(wrong).toEqual([]);
    },
  );
});
