/**
 * From recommendations to the answer's text. topshelf uses JSON.stringify. Beside it: a template whose strings are
 * quoted one by one, and what a Fastify route with a schema for its answer does. Both are held to the same text.
 */
import Fastify from 'fastify';
import { bench, do_not_optimize, run, summary } from 'mitata';
import { decodeItems, type Recommendation } from '../src/domain/prediction.ts';
import { renderAnswer, type AnswerContent } from '../src/serving/answer.ts';
import { answer, jsonSchema } from '../src/http/schemas.ts';
import { cycle, storedItems } from './support.ts';

const contents = Array.from({ length: 1000 }, (_, user) => ({
  userId: String(10_000 + user),
  placement: 'home',
  version: '20261121T031500Z-3f9a1c',
  source: 'personalized' as const,
  recommendations: decodeItems(storedItems(user)).slice(0, 5),
}));
const next = cycle(contents);

const quote = (text: string) => JSON.stringify(text);
const renderOne = ({ productId, score }: Recommendation) =>
  `{"productId":${quote(productId)},"score":${score}}`;

function template({ userId, placement, version, source, recommendations }: AnswerContent): string {
  return (
    `{"userId":${quote(userId)},"placement":"${placement}","version":"${version}","source":"${source}",` +
    `"recommendations":[${recommendations.map(renderOne).join(',')}]}`
  );
}

const serialize = await fastifySerializer();
for (const content of contents) {
  const expected = JSON.stringify(content);
  if (template(content) !== expected || serialize(content) !== expected) {
    throw new Error('the ways to render do not give the same text');
  }
}

summary(() => {
  bench('topshelf: JSON.stringify', () => do_not_optimize(JSON.stringify(next())));
  bench('template', () => do_not_optimize(template(next())));
  bench('Fastify’s serializer for the schema', () => do_not_optimize(serialize(next())));
});

summary(() => {
  bench('topshelf: text and validator', () => do_not_optimize(renderAnswer(next())));
  const nextText = cycle(contents.map((_, user) => storedItems(user)));
  bench('topshelf: text and validator, from the stored text on', () => {
    const recommendations = decodeItems(nextText()).slice(0, 5);
    return do_not_optimize(renderAnswer({ ...next(), recommendations }));
  });
});

await run();

async function fastifySerializer(): Promise<(content: Record<string, unknown>) => string> {
  const app = Fastify();
  const { promise, resolve } = Promise.withResolvers<(content: Record<string, unknown>) => string>();
  app.get('/', { schema: { response: { 200: jsonSchema(answer, 'output') } } }, (_, reply) => {
    const serialize = reply.getSerializationFunction('200');
    if (serialize !== undefined) resolve(serialize);
    return reply.send(contents[0]);
  });
  await app.inject('/');
  return promise;
}
