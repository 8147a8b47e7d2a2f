import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../src/cli/program.ts';
import { createFolder, createPublisher } from '../publishing/fixtures.ts';
import { spawnConsole } from '../support/console-process.ts';

let folder: Awaited<ReturnType<typeof createFolder>>;
beforeAll(async () => {
  folder = await createFolder();
});
afterAll(() => folder.remove());

const environment = () => ({
  TOPSHELF_POINTER: `file://${folder.path}/pointers`,
  TOPSHELF_ARCHIVE: `file://${folder.path}/archive`,
});

/** The status of an action on a placement that never was: 404 with the token, 401 without. */
async function act(url: string, token: string): Promise<number> {
  const response = await fetch(`${url}/api/placements/none/rollback`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ seen: { epoch: null, table: null }, by: 'Grace', reason: 'a try' }),
  });
  return response.status;
}

describe('topshelf console', () => {
  it('says where it is and the token that it made, another one each time, and ends with 0 at Ctrl-C', async () => {
    const console = await spawnConsole(folder.path, [], environment());
    const token = console.token() ?? '';
    expect(token).toHaveLength(32);
    expect((await fetch(`${console.url}/api/placements`)).status).toBe(200);
    expect([await act(console.url, token), await act(console.url, `${token}x`)]).toEqual([404, 401]);
    expect(await console.stop()).toBe(0);
    expect(console.output.out).toContain('the console has stopped');
    const another = await spawnConsole(folder.path, [], environment());
    expect(another.token()).not.toBe(token);
  });

  it('takes the token that it is given, and never shows it', async () => {
    const token = 'a-token-from-a-secret-store';
    const console = await spawnConsole(folder.path, [], { ...environment(), TOPSHELF_CONSOLE_TOKEN: token });
    expect(await act(console.url, token)).toBe(404);
    expect(await console.stop()).toBe(0);
    expect(console.output.out + console.output.err).not.toContain(token);
  });

  it.each([
    [64, 'no list of replicas', ['--replicas', 'nonsense'], '"nonsense" is not a replica'],
    [64, 'no port', ['--port', 'http'], 'TOPSHELF_CONSOLE_PORT must be a whole number'],
    [65, 'no catalogue', ['--catalogue', '/nowhere.csv'], 'the catalogue /nowhere.csv cannot be used'],
  ])('ends with %i where it is given %s', async (exitCode, _, args, why) => {
    let said = '';
    const write = (text: string) => (said += text);
    const io = { stdout: { write }, stderr: { write } };
    const publisher = createPublisher();
    expect(await run(['console', ...args], { io, openPublisher: async () => publisher })).toBe(exitCode);
    expect(said).toContain(why);
  });

  it('ends with 64 where its port is taken, and says which setting is meant', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    let said = '';
    const write = (text: string) => (said += text);
    const io = { stdout: { write }, stderr: { write } };
    const publisher = createPublisher();
    const argv = ['console', '--port', String(port)];
    expect(await run(argv, { io, openPublisher: async () => publisher })).toBe(64);
    taken.close();
    expect(said).toMatch(/cannot listen on 127\.0\.0\.1:\d+ .*set TOPSHELF_CONSOLE_PORT to a free port/);
  });
});
