/** The service that AWS's examples lead to: a Fastify route that gets one item with DocumentClient. */
import Fastify from 'fastify';
import { tellAddress } from './answer.ts';
import { createGet } from './get-prediction.ts';

const get = createGet();
const app = Fastify();
app.get<{ Params: { userId: string } }>('/recommendations/:userId', async ({ params }, reply) => {
  const prediction = await get(params.userId);
  return prediction ?? reply.code(404).send({ message: 'not found' });
});
tellAddress(await app.listen({ host: '127.0.0.1', port: 0 }));
