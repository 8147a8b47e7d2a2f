/**
 * From a stored prediction to the answer's text. topshelf goes from text to text. Beside it: the stored pairs parsed, as
 * is still done where ids have escapes; objects and JSON.stringify; and what a Fastify route with a schema for its answer
 * does. All are held to the same text.
 */
import Fastify from 'fastify';
import { bench, do_not_optimize, run, summary } from 'mitata';
import { decodeItems, decodePairs } from '../src/domain/prediction.ts';
import { recommendationsText, renderAnswer } from '../src/serving/answer.ts';
import { firstRecommendations } from '../src/serving/first-recommendations.ts';
import { answer, jsonSchema } from '../src/http/schemas.ts';
import { cycle, storedItems } from './support.ts';

const texts = Array.from({ length: 1000 }, (_, user) => storedItems(user));
const next = cycle(texts);
const about = {
  ...{ userId: '12347', placement: 'home', version: '20261121T031500Z-3f9a1c' },
  source: 'personalized' as const,
};
const objects = (items: string) => ({ ...about, recommendations: decodeItems(items).slice(0, 5) });
const nothingBlocked: ReadonlySet<string> = new Set();
const topshelf = (items: string) =>
  renderAnswer({ ...about, recommendations: firstRecommendations(items, 5, nothingBlocked) ?? '' });
const parsed = (items: string) =>
  renderAnswer({ ...about, recommendations: recommendationsText(decodePairs(items).slice(0, 5)) });

const serialize = await fastifySerializer();
for (const items of texts) {
  const expected = JSON.stringify(objects(items));
  const texts = [topshelf(items).body, parsed(items).body, serialize(objects(items))];
  if (texts.some((text) => text !== expected)) {
    throw new Error('the ways to render do not give the same text');
  }
}

summary(() => {
  bench('topshelf: text and validator', () => do_not_optimize(topshelf(next())));
  bench('pairs parsed, text and validator', () => do_not_optimize(parsed(next())));
  bench('objects and JSON.stringify, no validator', () => do_not_optimize(JSON.stringify(objects(next()))));
  bench('Fastify’s serializer for the schema, no validator', () =>
    do_not_optimize(serialize(objects(next()))),
  );
});

await run();

async function fastifySerializer(): Promise<(content: Record<string, unknown>) => string> {
  const app = Fastify();
  const { promise, resolve } = Promise.withResolvers<(content: Record<string, unknown>) => string>();
  app.get('/', { schema: { response: { 200: jsonSchema(answer, 'output') } } }, (_, reply) => {
    const serialize = reply.getSerializationFunction('200');
    if (serialize !== undefined) resolve(serialize);
    return reply.send(objects(texts[0] ?? ''));
  });
  await app.inject('/');
  return promise;
}
