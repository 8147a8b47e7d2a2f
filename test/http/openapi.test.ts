import { Ajv2020 } from 'ajv/dist/2020.js';
import type { LightMyRequestResponse } from 'fastify';
import { describe, expect, it } from 'vitest';
import { StoreError } from '../../src/domain/errors.ts';
import { buildLiveApi, buildTestApi, type TestApi } from '../support/build-test-api.ts';

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: object }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> };
  readonly responses: Readonly<
    Record<string, { readonly description: string; readonly content?: Record<string, { schema: object }> }>
  >;
}
interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

const ajv = new Ajv2020({ strict: true, allErrors: true, validateFormats: false });

async function documentOf({ get }: TestApi): Promise<Document> {
  const response = await get('/openapi.json');
  expect(response.statusCode).toBe(200);
  return response.json<Document>();
}

async function operations(test: TestApi): Promise<{ get: Operation; post: Operation }> {
  const { paths } = await documentOf(test);
  const get = paths['/recommendations/{userId}']?.get;
  const post = paths['/recommendations']?.post;
  if (get === undefined || post === undefined) throw new Error('an operation is not documented');
  return { get, post };
}

/** Fails unless the answer has a documented status, media type and form. */
function expectDocumented({ responses }: Operation, response: LightMyRequestResponse): void {
  const documented = responses[response.statusCode];
  expect(documented, `status ${response.statusCode}`).toBeDefined();
  if (response.statusCode === 304) return expect(response.body).toBe('');
  const type = String(response.headers['content-type']).split(';')[0] ?? '';
  const schema = documented?.content?.[type]?.schema;
  if (schema === undefined) throw new Error(`status ${response.statusCode} has no schema for ${type}`);
  const validate = ajv.compile(schema);
  validate(response.json());
  expect(validate.errors, response.body).toBeNull();
}

function breakStore({ store }: TestApi): void {
  store.faults.beforeRead = () => {
    throw new StoreError('down');
  };
}

// Sent before there is a request: slow-clients.test.ts and limits.test.ts have them.
const UNSEEN = ['408', '431'];

describe('/openapi.json', () => {
  it('describes both routes in OpenAPI 3.1, and nothing of the ops listener', async () => {
    const { openapi, paths } = await documentOf(await buildTestApi());
    expect(openapi).toMatch(/^3\.1\./);
    expect(Object.keys(paths).sort()).toEqual(['/recommendations', '/recommendations/{userId}']);
  });

  it('holds the schemas that validate: each compiles, and names the limits', async () => {
    const { get, post } = await operations(await buildTestApi());
    const schemas = Object.fromEntries((get.parameters ?? []).map(({ name, schema }) => [name, schema]));
    expect(Object.keys(schemas).sort()).toEqual(['exclude', 'fallback', 'limit', 'placement', 'userId']);
    expect(schemas.limit).toMatchObject({ type: 'integer', minimum: 1, maximum: 20, default: 5 });
    expect(schemas.userId).toMatchObject({ type: 'string', minLength: 1, maxLength: 128 });
    expect(schemas.fallback).toMatchObject({ enum: ['popular', 'none'], default: 'popular' });
    const body = post.requestBody?.content['application/json']?.schema;
    expect(body).toMatchObject({
      properties: { userIds: { minItems: 1, maxItems: 100 } },
      additionalProperties: false,
    });
    for (const schema of [...Object.values(schemas), body ?? false])
      expect(ajv.compile(schema)).toBeTypeOf('function');
    const validate = ajv.compile(body ?? false);
    expect(validate({ userIds: ['anna'], limit: 3 })).toBe(true);
    expect(validate({ userIds: [1] })).toBe(false);
  });
});

describe('what the API sends', () => {
  it('has the documented form from GET, whatever happens', async () => {
    const test = await buildLiveApi();
    const { get } = await operations(test);
    const answers = [
      await test.get('/recommendations/anna'),
      await test.get('/recommendations/anna?limit=1'),
      await test.get('/recommendations/anna', { 'if-none-match': '*' }),
      await test.get('/recommendations/nobody'),
      await test.get('/recommendations/nobody?fallback=none'),
      await test.get('/recommendations/anna?placement=nowhere'),
      await test.get('/recommendations/anna?limit=0'),
      await test.get('/recommendations/a%ZZ'),
      await test.get(`/recommendations/${'u'.repeat(3000)}`),
    ];
    test.clock.ms = 600_000;
    breakStore(test);
    answers.push(
      await test.get('/recommendations/anna'),
      await test.get('/recommendations/bert'),
      await test.get('/recommendations/bert?fallback=none'),
    );
    test.serving.service.answer = () => {
      throw new Error('a defect');
    };
    answers.push(await test.get('/recommendations/anna'));
    for (const answer of answers) expectDocumented(get, answer);
    const sent = new Set([...answers.map(({ statusCode }) => String(statusCode)), ...UNSEEN]);
    expect(Object.keys(get.responses).sort()).toEqual([...sent].sort());
  });

  it('has the documented form from POST, whatever happens', async () => {
    const test = await buildLiveApi();
    const { post } = await operations(test);
    const answers = [
      await test.post({ userIds: ['anna', 'nobody'] }),
      await test.post({ userIds: ['anna', 'nobody'], fallback: 'none' }),
      await test.post({ userIds: ['anna'], placement: 'nowhere' }),
      await test.post({ userIds: [] }),
      await test.post('{'),
      await test.post('anna', { 'content-type': 'text/plain' }),
      await test.post(' '.repeat(200 * 1024)),
    ];
    test.clock.ms = 600_000;
    breakStore(test);
    answers.push(await test.post({ userIds: ['anna', 'bert'] }));
    test.serving.service.answerMany = () => Promise.reject(new Error('a defect'));
    answers.push(await test.post({ userIds: ['anna'] }));
    const idle = await buildTestApi();
    answers.push(await idle.post({ userIds: ['anna'] }));
    for (const answer of answers) expectDocumented(post, answer);
    const sent = new Set([...answers.map(({ statusCode }) => String(statusCode)), ...UNSEEN]);
    expect(Object.keys(post.responses).sort()).toEqual([...sent].sort());
  });
});
