/** The least that a Fastify route costs: one parameter, no schema, no hooks, a constant answer. */
import Fastify from 'fastify';
import { ANSWER, JSON_TYPE, tellAddress } from './answer.ts';

const app = Fastify();
app.get('/recommendations/:userId', (_, reply) => reply.header('content-type', JSON_TYPE).send(ANSWER));
tellAddress(await app.listen({ host: '127.0.0.1', port: 0 }));
