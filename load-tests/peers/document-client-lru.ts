/** The same service with a cache in front of the table, as one adds it when the first bill comes. */
import Fastify from 'fastify';
import { LRUCache } from 'lru-cache';
import { tellAddress } from './answer.ts';
import { createGet, type Prediction } from './get-prediction.ts';

const get = createGet();
const cache = new LRUCache<string, Prediction>({ max: 100_000, ttl: 600_000 });
const app = Fastify();
app.get<{ Params: { userId: string } }>('/recommendations/:userId', async ({ params }, reply) => {
  const cached = cache.get(params.userId);
  if (cached !== undefined) return cached;
  const prediction = await get(params.userId);
  if (prediction === undefined) return reply.code(404).send({ message: 'not found' });
  cache.set(params.userId, prediction);
  return prediction;
});
tellAddress(await app.listen({ host: '127.0.0.1', port: 0 }));
