import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { UnreachableError, UsageError } from '../../src/domain/errors.ts';
import { createHttpReplicas } from '../../src/publishing/replicas-http.ts';
import { buildTestApi, VERSION_1 } from '../support/build-test-api.ts';
import { never } from './fixtures.ts';

async function listen(answer: RequestListener): Promise<number> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

const ask = (port: number, deadlineMs = 2_000) => {
  const url = `http://127.0.0.1:${port}`;
  return createHttpReplicas({ replicas: url, deadlineMs }).ask(url, never);
};

describe('replicas over HTTP', () => {
  it('say what the ops listener of a server says', async () => {
    const { ops, goLive } = await buildTestApi();
    const { table, seal } = await goLive(VERSION_1, 7);
    await ops.listen({ host: '127.0.0.1', port: 0 });
    const { port } = ops.server.address() as AddressInfo;
    const { placements } = await ask(port);
    expect(placements.find(({ placement }) => placement === 'home')).toEqual({
      ...{ placement: 'home', epoch: 7, version: seal.version, table },
    });
    expect(placements.find(({ placement }) => placement === 'cart')).toMatchObject({
      epoch: null,
      version: null,
    });
  });

  it('give their metrics as Prometheus reads them', async () => {
    const { ops } = await buildTestApi();
    await ops.listen({ host: '127.0.0.1', port: 0 });
    const url = `http://127.0.0.1:${(ops.server.address() as AddressInfo).port}`;
    const text = await createHttpReplicas({ replicas: url }).metrics(url, never);
    expect(text).toContain('# TYPE topshelf_answers_total counter');
    await ops.close();
    const gone = createHttpReplicas({ replicas: url }).metrics(url, never);
    await expect(gone).rejects.toThrow(`${url}/metrics: `);
    await expect(gone).rejects.toBeInstanceOf(UnreachableError);
  });

  it.each<[string, RequestListener]>([
    ['answered 503', (_, response) => void response.writeHead(503).end()],
    ['not the status of a topshelf server', (_, response) => void response.end('{"placements":[{}]}')],
    ['JSON', (_, response) => void response.end('<html>')],
    ['no answer in time', () => undefined],
    ['no answer in time', (_, response) => void response.writeHead(200).write('{')],
  ])('cannot be asked where what comes is: %s', async (reason, answer) => {
    const asked = ask(await listen(answer), 200);
    await expect(asked).rejects.toBeInstanceOf(UnreachableError);
    await expect(asked).rejects.toThrow(reason);
  });

  it('cannot be asked through a redirect: another server answers there', async () => {
    const good = await listen((_, response) => void response.end('{"placements":[]}'));
    const location = `http://127.0.0.1:${good}/status`;
    const port = await listen((_, response) => void response.writeHead(302, { location }).end());
    await expect(ask(good)).resolves.toEqual({ placements: [] });
    await expect(ask(port)).rejects.toThrow('unexpected redirect');
  });

  it('cannot be asked where nobody listens', async () => {
    await expect(ask(1)).rejects.toThrow(/127\.0\.0\.1:1\/status: .*ECONNREFUSED|bad port/);
  });

  it('are listed by their URLs, each once, whether /status is part of them or not', async () => {
    const replicas = createHttpReplicas({ replicas: 'http://a:1/, http://a:1/status,https://b/ops' });
    expect(await replicas.list(never)).toEqual(['http://a:1', 'https://b/ops']);
  });

  it('are resolved anew at each look, every address of the name once', async () => {
    const answers = [['10.0.0.1', '10.0.0.2', '10.0.0.1'], ['10.0.0.2', 'fd00::3'], []];
    const resolve = async () => answers.shift() ?? [];
    const replicas = createHttpReplicas({ replicas: 'dns:topshelf.shop.svc:9464', resolve });
    expect(await replicas.list(never)).toEqual(['http://10.0.0.1:9464', 'http://10.0.0.2:9464']);
    expect(await replicas.list(never)).toEqual(['http://10.0.0.2:9464', 'http://[fd00::3]:9464']);
    expect(await replicas.list(never)).toEqual([]);
  });

  it('are found by the system’s resolver; a name without addresses has none', async () => {
    const local = createHttpReplicas({ replicas: 'dns:localhost:9464' });
    expect(await local.list(never)).toContain('http://127.0.0.1:9464');
  });

  it('are not waited for when the resolver hangs', async () => {
    const resolve = () => new Promise<never>(() => undefined);
    const replicas = createHttpReplicas({ replicas: 'dns:topshelf:9464', deadlineMs: 50, resolve });
    await expect(replicas.list(never)).rejects.toThrow('resolving topshelf: no answer within 50 ms');
  });

  it.each(['', ',', 'localhost:9464', 'ftp://a', 'dns:topshelf', 'dns:a b:1', 'http://a/?x=1'])(
    'are not named by %j',
    (replicas) => {
      expect(() => createHttpReplicas({ replicas })).toThrow(UsageError);
    },
  );
});
