import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, expectTypeOf, it, onTestFinished } from 'vitest';
import type * as z from 'zod';
import {
  createClient,
  RefusedError,
  type Answer,
  type Answers,
  type ClientOptions,
  type Problem,
} from '../../src/client/client.ts';
import { StoreError } from '../../src/domain/errors.ts';
import type { answer, answers, problem } from '../../src/http/schemas.ts';
import { buildLiveApi, type TestApi } from '../support/build-test-api.ts';

const localList = ['l1', 'l2', 'l3'].map((productId) => ({ productId, score: 0.5 }));
const local = (reason: string, ...productIds: string[]) => ({
  source: 'local',
  reason,
  recommendations: productIds.map((productId) => ({ productId, score: 0.5 })),
});

/** A client of a test's API, which listens. */
async function clientOf({ api }: TestApi, options: Partial<ClientOptions> = {}) {
  if (!api.server.listening) await api.listen({ host: '127.0.0.1', port: 0 });
  return createClient({ url: urlOf(api.server), timeoutMs: 5000, localList, ...options });
}

function urlOf(server: { address(): AddressInfo | string | null }): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Any other server, listening. */
async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close().closeAllConnections());
  return urlOf(server);
}

describe('the client', () => {
  it('has the types that the OpenAPI document is made from', () => {
    expectTypeOf<Answer>().toEqualTypeOf<z.output<typeof answer>>();
    expectTypeOf<Answers>().toEqualTypeOf<z.output<typeof answers>>();
    expectTypeOf<Problem>().toEqualTypeOf<z.output<typeof problem>>();
  });

  it('gives what the API says', async () => {
    const test = await buildLiveApi();
    const client = await clientOf(test);
    expect(await client.recommend('anna')).toEqual((await test.get('/recommendations/anna')).json());
    expect(await client.recommend('nobody')).toMatchObject({ source: 'popular', reason: 'unknown-user' });
    const many = await client.recommendMany(['anna', 'nobody', 'bert']);
    expect(many.map(({ userId, source }) => `${userId} ${source}`)).toEqual([
      'anna personalized',
      'nobody popular',
      'bert personalized',
    ]);
  });

  it('passes on what is wished for: placement, number, exclusions, and ids of any letters', async () => {
    const test = await buildLiveApi();
    const odd = 'a/b?c=%20ü';
    const users = {
      [odd]: [['x', 1] as const, ['y', 0.5] as const, ['a,b', 0.25] as const, ['z', 0.1] as const],
    };
    await test.goLive({ number: 2, placement: 'cart', users }, 1);
    const client = await clientOf(test, { placement: 'cart' });
    const wish = { limit: 2, exclude: ['x', 'q'] };
    const products = ['y', 'a,b'].map((productId) => expect.objectContaining({ productId }) as object);
    expect(await client.recommend(odd, wish)).toMatchObject({ placement: 'cart', recommendations: products });
    expect(await client.recommendMany([odd], wish)).toMatchObject([
      { userId: odd, recommendations: products },
    ]);
  });

  it('asks below a path where the API is behind one', async () => {
    let asked: string | undefined;
    const server = createServer(({ url }, response) => {
      asked = url;
      response.end('{"recommendations":[]}');
    });
    const url = await listen(server);
    await createClient({ url: `${url}/topshelf` }).recommend('anna');
    expect(asked).toBe('/topshelf/recommendations/anna');
  });

  it('gives the local list, less what is excluded, where the API cannot be reached', async () => {
    const server = createServer();
    const url = await listen(server);
    await server[Symbol.asyncDispose]();
    const client = createClient({ url, localList });
    expect(await client.recommend('anna')).toMatchObject(local('unreachable', 'l1', 'l2', 'l3'));
    expect(await client.recommend('anna', { limit: 1, exclude: ['l1'] })).toMatchObject(
      local('unreachable', 'l2'),
    );
    expect(await client.recommendMany(['anna', 'bert'])).toMatchObject([
      { userId: 'anna', source: 'local' },
      { userId: 'bert', source: 'local' },
    ]);
    await expect(client.recommend('anna', { fallback: 'none' })).rejects.toThrow(
      `cannot be reached at ${url}: ECONNREFUSED`,
    );
    await expect(createClient({ url }).recommend('anna')).rejects.toMatchObject({ reason: 'unreachable' });
  });

  it('gives the local list where the answer does not come in time, its body included', async () => {
    let requests = 0;
    const server = createServer((_, response) => {
      requests += 1;
      response.writeHead(200, { 'content-type': 'application/json' }).write('{"userId":');
    });
    const client = createClient({ url: await listen(server), timeoutMs: 50, localList });
    expect(await client.recommend('anna')).toMatchObject(local('timeout', 'l1', 'l2', 'l3'));
    expect(requests).toBe(1);
  });

  it('asks a second time where the connection turns out to be dead, and no third time', async () => {
    let connections = 0;
    let dying = 1;
    const server = createServer((_, response) => response.end('{"recommendations":[]}'));
    server.on('connection', (socket) => {
      connections += 1;
      if (connections <= dying) socket.destroy();
    });
    const client = createClient({ url: await listen(server), timeoutMs: 5000, localList });
    expect(await client.recommend('anna')).toEqual({ recommendations: [] });
    expect(connections).toBe(2);

    server.closeAllConnections();
    [connections, dying] = [0, 10];
    expect(await client.recommend('anna')).toMatchObject(local('unreachable', 'l1', 'l2', 'l3'));
    expect(connections).toBe(2);
  });

  it('throws what the API finds wrong with the call, list or not, and asks once', async () => {
    const test = await buildLiveApi();
    const client = await clientOf(test);
    const refused = client.recommend('anna', { limit: 21 });
    await expect(refused).rejects.toThrow(RefusedError);
    await expect(refused).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining('21') as string,
    });
    await expect(client.recommendMany([])).rejects.toMatchObject({ status: 400 });
    expect(test.ended.map(({ status }) => status)).toEqual([400, 400]);
  });

  it('gives the local list for a placement without a version, unless no list is wanted', async () => {
    const client = await clientOf(await buildLiveApi(), { placement: 'nowhere' });
    expect(await client.recommend('anna', { limit: 1 })).toMatchObject(local('refused', 'l1'));
    await expect(client.recommend('anna', { fallback: 'none' })).rejects.toMatchObject({
      status: 404,
      problem: { title: 'Unknown placement' },
    });
  });

  it('tells an unknown user from a table that cannot be read, where no other products are wanted', async () => {
    const test = await buildLiveApi();
    const client = await clientOf(test);
    await expect(client.recommend('nobody', { fallback: 'none' })).rejects.toMatchObject({ status: 404 });
    test.store.faults.beforeRead = () => {
      throw new StoreError('down');
    };
    await expect(client.recommend('bert', { fallback: 'none' })).rejects.toMatchObject({ status: 503 });
  });

  it('takes the answers of anything else for none', async () => {
    let body = '<html>';
    const server = createServer((_, response) => response.end(body));
    const client = createClient({ url: await listen(server), localList });
    expect(await client.recommend('anna')).toMatchObject(local('malformed', 'l1', 'l2', 'l3'));
    body = '{}';
    expect(await client.recommend('anna')).toMatchObject(local('malformed', 'l1', 'l2', 'l3'));
    body = 'null';
    expect(await client.recommendMany(['anna'])).toMatchObject([local('malformed', 'l1', 'l2', 'l3')]);
  });

  it('ends with the caller’s signal, and gives no list then', async () => {
    const client = createClient({ url: await listen(createServer()), timeoutMs: 60_000, localList });
    const call = client.recommend('anna', { signal: AbortSignal.timeout(50) });
    await expect(call).rejects.toThrow(DOMException);
  });
});
