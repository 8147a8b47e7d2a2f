import fc from 'fast-check';
import { expect, it } from 'vitest';
import { recordFigure } from '../support/figures.ts';
import { buildLiveApi } from '../support/build-test-api.ts';

const GUARANTEE = 34;
const RUNS = 3_000;
const CANARY = 'canary-7f3a';
const HARD = [
  '',
  '__proto__',
  'constructor',
  '\u0000',
  '\ud800',
  '🧁',
  'é'.repeat(64),
  'x'.repeat(129),
  '%',
  '#',
  'NaN',
  '-0',
  '1e3',
  'null',
  'true',
  '[]',
  '{}',
  '../..',
  "' or 1=1",
  '\r\nX: y',
];

interface Schema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxItems?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
}
interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: Schema }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
  readonly responses: Readonly<Record<string, unknown>>;
}

const anyText = fc.oneof(fc.constantFrom(...HARD), fc.string({ unit: 'binary' }), fc.string());

/** Values that a schema allows, that are just outside of it, and that have nothing to do with it. */
function valuesFor(schema: Schema): fc.Arbitrary<unknown> {
  const { type, minimum = 0, maximum = 100 } = schema;
  const near: fc.Arbitrary<unknown> =
    schema.enum !== undefined
      ? fc.constantFrom(...schema.enum)
      : type === 'integer'
        ? fc.constantFrom(minimum - 1, minimum, maximum, maximum + 1, 2 ** 53, 0.5)
        : type === 'array'
          ? fc.array(valuesFor(schema.items ?? {}), { maxLength: (schema.maxItems ?? 10) + 1, size: 'max' })
          : type === 'string'
            ? anyText
            : fc.jsonValue();
  return fc.oneof({ weight: 4, arbitrary: near }, { weight: 1, arbitrary: fc.jsonValue() }, anyText);
}

const encoded = fc.oneof(
  { weight: 3, arbitrary: anyText.map((text) => encodeURIComponent(text.toWellFormed())) },
  // Bytes that are hardly encoded at all, as long as a request line can hold them.
  fc.string({ unit: fc.constantFrom(...'aZ0%25/?&=+;,.~:@') }),
);

/** As a caller would write it into a query. */
const textOf = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));

function queryFor({ parameters = [] }: Operation): fc.Arbitrary<string> {
  const named = parameters.filter((each) => each.in === 'query');
  const pair = fc.oneof(
    ...named.map(({ name, schema }) =>
      valuesFor(schema).map((value) => `${name}=${encodeURIComponent(textOf(value).toWellFormed())}`),
    ),
    fc.tuple(encoded, encoded).map(([name, value]) => `${name}=${value}`),
  );
  return fc.array(pair, { maxLength: 6 }).map((pairs) => pairs.join('&'));
}

function bodyFor({ requestBody }: Operation): fc.Arbitrary<string> {
  const schema = requestBody?.content['application/json']?.schema ?? {};
  const fields = Object.fromEntries(
    Object.entries(schema.properties ?? {}).map(([name, each]) => [name, valuesFor(each)]),
  );
  return fc.oneof(
    { weight: 4, arbitrary: fc.record(fields, { requiredKeys: [] }).map((body) => JSON.stringify(body)) },
    fc.json(),
    anyText,
  );
}

it('requests made from the OpenAPI document get a documented status, errors a problem document, and no user id is logged', async ({
  task,
}) => {
  const test = await buildLiveApi();
  const { paths } = (await test.get('/openapi.json')).json<{
    paths: Record<string, Record<string, Operation>>;
  }>();
  const get = paths['/recommendations/{userId}']?.get;
  const post = paths['/recommendations']?.post;
  if (get === undefined || post === undefined) throw new Error('an operation is not documented');
  const statuses = new Map<number, number>();

  /** Fails unless the answer is as documented for the operation, or for a path that is none. */
  const expectDocumented = ({ responses }: Operation, response: Awaited<ReturnType<typeof test.get>>) => {
    const { statusCode, headers, body } = response;
    statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1);
    expect(Object.keys(responses)).toContain(String(statusCode));
    expect(statusCode, body).toBeLessThan(500);
    const type = statusCode < 300 ? 'application/json' : 'application/problem+json';
    if (statusCode === 304) return;
    expect(headers['content-type']).toBe(`${type}; charset=utf-8`);
    const parsed = JSON.parse(body) as { status?: number };
    if (statusCode >= 400) expect(parsed.status).toBe(statusCode);
  };

  const header = fc.dictionary(
    fc.constantFrom(
      'if-none-match',
      'accept',
      'accept-version',
      'x-forwarded-for',
      'range',
      'accept-encoding',
    ),
    fc.string({ unit: fc.constantFrom(...'aZ09*"\\/,;= W_-') }),
  );
  await fc.assert(
    fc.asyncProperty(encoded, queryFor(get), header, async (userId, query, headers) => {
      const path = userId.split(/[/?#]/).join('');
      expectDocumented(get, await test.get(`/recommendations/${CANARY}${path}?${query}`, headers));
    }),
    { numRuns: RUNS / 2 },
  );
  const contentType = fc.constantFrom(
    'application/json',
    'application/json',
    'application/json; charset=utf-8',
    'text/plain',
    'application/json;;',
    '',
  );
  await fc.assert(
    fc.asyncProperty(bodyFor(post), contentType, async (body, type) => {
      const text = body.replace('"userIds":[', `"userIds":["${CANARY}",`).replace(',]', ']');
      expectDocumented(post, await test.post(text, { 'content-type': type }));
    }),
    { numRuns: RUNS / 2 },
  );
  for (const told of [
    test.logged(),
    (await test.ops.inject('/metrics')).body,
    (await test.ops.inject('/status')).body,
  ]) {
    expect(told).not.toContain(CANARY);
  }
  // Nothing is shown where all of it was refused for one reason.
  expect(Math.min(...[200, 400].map((status) => statuses.get(status) ?? 0))).toBeGreaterThan(RUNS / 50);
  recordFigure(GUARANTEE, {
    test: task.name,
    tried: RUNS,
    result: `0 of 5xx; ${[...statuses].map(([status, count]) => `${count} of ${status}`).join(', ')}`,
  });
}, 120_000);
