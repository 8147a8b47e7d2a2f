import { spawn } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type zookeeper from 'node-zookeeper-client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { UnreachableError } from '../../src/domain/errors.ts';
import type { PointerSource } from '../../src/pointer/pointer-source.ts';
import type { PointerWriter } from '../../src/pointer/pointer-writer.ts';
import { createZooKeeperPointers, type ZooKeeperPointersOptions } from '../../src/pointer/zookeeper.ts';
import { eventually } from '../contracts/pointer-store.ts';
import { examplePointer } from '../pointer/example-pointer.ts';
import { startTcpProxy, type TcpProxy } from '../pointer/tcp-proxy.ts';
import { serviceEndpoints, servicePid } from './endpoints.ts';
import { freePort } from './server.ts';
import { endSession, openZooKeeperHand, sessionIn, type ZooKeeperHand } from './zookeeper-hand.ts';

const DEADLINE_MS = 1_000;
const never = new AbortController().signal;

describe('ZooKeeper pointers, without being opened anew', () => {
  let host: string;
  let hand: ZooKeeperHand;
  let proxy: TcpProxy;
  let opened: (PointerSource & PointerWriter)[];

  beforeEach(async () => {
    host = serviceEndpoints().zookeeper;
    opened = [];
    hand = await openZooKeeperHand(host);
    proxy = await startTcpProxy(host);
  });
  afterEach(async () => {
    await Promise.all(opened.map((pointers) => pointers.close()));
    await proxy.close();
    await hand.close();
  });

  const open = (options: Partial<ZooKeeperPointersOptions> = {}) => {
    const hosts = `127.0.0.1:${proxy.port}`;
    const pointers = createZooKeeperPointers({ hosts, root: hand.root, deadlineMs: DEADLINE_MS, ...options });
    opened.push(pointers);
    return pointers;
  };

  it('go on after their session ended, with a hint, and with hints after it', async () => {
    const pointers = open();
    const onHint = vi.fn();
    const token = await pointers.write(examplePointer(), null, never);
    pointers.watch('home', onHint);
    await pointers.read('home', never);

    await endSession(host, sessionIn(proxy.firstReply()));
    await vi.waitFor(() => expect(onHint).toHaveBeenCalled());
    expect(await pointers.read('home', never, token)).toEqual({ kind: 'unchanged' });
    onHint.mockClear();
    await open().write(examplePointer({ epoch: 2 }), token, never);
    await vi.waitFor(() => expect(onHint).toHaveBeenCalled());
  });

  it('are unreachable within the deadline while the server is stopped, and go on when it does', async () => {
    const pointers = open({ hosts: host });
    const token = await pointers.write(examplePointer(), null, never);
    process.kill(servicePid('zookeeper'), 'SIGSTOP');
    try {
      for (let read = 0; read < 3; read++) {
        const since = performance.now();
        await expect(pointers.read('home', never)).rejects.toThrow(UnreachableError);
        expect(performance.now() - since).toBeLessThan(DEADLINE_MS + 500);
      }
    } finally {
      process.kill(servicePid('zookeeper'), 'SIGCONT');
    }
    expect(await eventually(() => pointers.read('home', never, token))).toEqual({ kind: 'unchanged' });
  });

  it('give up a link that a caller with a shorter patience saw dead', async () => {
    const pointers = open();
    await pointers.read('home', never);
    proxy.hang();
    await expect(pointers.read('home', AbortSignal.timeout(50))).rejects.toThrow(UnreachableError);
    await vi.waitFor(() => expect(proxy.connections()).toBe(1));
    // Nobody asks meanwhile, and still the dead link is gone when somebody does.
    await new Promise((resolve) => setTimeout(resolve, DEADLINE_MS + 100));
    proxy.mend();
    expect(await pointers.read('home', never)).toEqual({ kind: 'absent' });
  });

  it('wait longer and longer between connections while there is no server', async () => {
    const pointers = open();
    const connectionsIn = async (ms: number) => {
      const before = proxy.connections();
      const until = performance.now() + ms;
      while (performance.now() < until) {
        await pointers.read('home', AbortSignal.timeout(100)).catch(() => undefined);
      }
      return proxy.connections() - before;
    };
    proxy.hang();
    // A connection that hangs takes half the deadline, then 0.1 to 0.2 s of waiting, 0.2 to 0.4, 0.4 to 0.8, …
    expect(await connectionsIn(3_000)).toBeLessThanOrEqual(5);
    proxy.mend();
    expect(await eventually(() => pointers.read('home', never))).toEqual({ kind: 'absent' });
  });

  it('find the server that answers among those that do not', async () => {
    const dead = await freePort();
    for (const hosts of [`127.0.0.1:${dead},${host}`, `${host},127.0.0.1:${dead}`]) {
      expect(await open({ hosts }).read('home', never)).toEqual({ kind: 'absent' });
    }
  });

  it('outlive a server that speaks something else', async () => {
    const nonsense = createServer((socket) => {
      socket.on('error', () => undefined);
      // A good start, then a reply with a code that no client knows.
      socket.once('data', () => {
        const greeting = Buffer.alloc(41);
        greeting.writeInt32BE(37, 0);
        greeting.writeInt32BE(10_000, 8);
        greeting.writeInt32BE(16, 20);
        socket.write(greeting);
        socket.on('data', () => socket.write(Buffer.from('00000010000000000000000000000001ffffff84', 'hex')));
      });
    });
    await once(nonsense.listen(0, '127.0.0.1'), 'listening');
    const pointers = open({ hosts: `127.0.0.1:${(nonsense.address() as AddressInfo).port}` });
    await expect(pointers.read('home', never)).rejects.toThrow(UnreachableError);
    await pointers.close();
    nonsense.close();
  });

  it('tell a node that was deleted and made again, with the same version, from the one before', async () => {
    const pointers = open();
    const token = await pointers.write(examplePointer(), null, never);
    await hand.remove('home');
    await hand.put('home', 'topshelf-home-by-hand');
    expect((await pointers.read('home', never, token)).kind).toBe('found');
    await expect(pointers.write(examplePointer({ epoch: 2 }), token, never)).rejects.toThrow(/by hand/);
  });

  it('can be read and written with the digest alone that they were made with', async () => {
    const owner = open({ digest: 'shop:secret' });
    const token = await owner.write(examplePointer(), null, never);
    const again = open({ digest: 'shop:secret' });
    expect(await again.read('home', never, token)).toEqual({ kind: 'unchanged' });
    for (const stranger of [open(), open({ digest: 'shop:wrong' })]) {
      await expect(stranger.read('home', never)).rejects.toThrow(/check the digest/);
      await expect(stranger.write(examplePointer({ epoch: 2 }), token, never)).rejects.toThrow(/digest/);
    }
    // A refusal is an answer: no reason to connect again.
    expect(proxy.connections()).toBe(4);
    const aclOf = promisify((path: string, done: zookeeper.Callback<[zookeeper.ACL[]]>) =>
      hand.client.getACL(path, done),
    );
    await expect(aclOf(`${hand.root}/home/pointer.json`)).rejects.toThrow(/NO_AUTH/);
  });

  it('let the process end once they are closed, connected or not', async () => {
    const module = join(import.meta.dirname, '../../src/pointer/zookeeper.ts');
    const script = `
      const { createZooKeeperPointers } = await import(${JSON.stringify(module)});
      for (const hosts of ${JSON.stringify([host, `127.0.0.1:${await freePort()}`])}) {
        const pointers = createZooKeeperPointers({ hosts, root: '/none', deadlineMs: 500 });
        pointers.watch('home', () => undefined);
        await pointers.read('home', new AbortController().signal).catch(() => undefined);
        await pointers.close();
      }`;
    const since = performance.now();
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: 'inherit' });
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(performance.now() - since).toBeLessThan(5_000);
  });
});
