import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { EXIT } from '../../src/cli/exit-codes.ts';
import { run } from '../../src/cli/program.ts';
import { storeVersion, list } from '../support/versions.ts';
import { putLive } from '../support/contender.ts';
import { batch, createFolder, createPublisher, never, type TestPublisher } from '../publishing/fixtures.ts';

let folder: Awaited<ReturnType<typeof createFolder>>;
let publisher: TestPublisher;
beforeAll(async () => {
  folder = await createFolder();
});
afterAll(() => folder.remove());
beforeEach(() => {
  publisher = createPublisher();
});

async function topshelf(...argv: string[]) {
  let out = '';
  let err = '';
  const exitCode = await run(argv, {
    io: { stdout: { write: (text) => (out += text) }, stderr: { write: (text) => (err += text) } },
    openPublisher: async () => ({ ...publisher, tablePrefix: 'test', close: async () => undefined }),
  });
  return { exitCode, out, err };
}

const home = ['--placement', 'home'];

/** Versions 1 to `count`, each live for a while, a day apart by their ids' order only. */
async function makeLive(...numbers: number[]): Promise<string[]> {
  const made: string[] = [];
  for (const number of numbers) {
    const products = number % 2 === 0 ? list('b', 'a', 'c') : list('a', 'b', 'd');
    const target = await storeVersion(publisher.tables, { number, users: { anna: products } });
    await putLive(publisher, target, never);
    made.push(target.seal.version);
  }
  return made;
}

/** A replica whose `/status` says that it serves home at an epoch. */
async function replica(epoch: () => number): Promise<string> {
  const server = createServer((_, response) => {
    const placements = [{ placement: 'home', epoch: epoch(), version: `v${epoch()}`, table: 't' }];
    response.end(JSON.stringify({ status: 'ready', placements }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('--wait', () => {
  it('returns when every replica serves what the command wrote', async () => {
    await makeLive(1);
    let epoch = 1;
    setTimeout(() => (epoch = 2), 300);
    const replicas = `${await replica(() => epoch)},${await replica(() => 7)}`;
    const result = await topshelf('block', 'a', ...home, '--wait', '--replicas', replicas);
    expect(result).toMatchObject({ exitCode: EXIT.done });
    expect(result.out).toContain('every replica (2) serves epoch 2 or a later one');
  });

  it('names the laggards and exits with 4, what was written being written', async () => {
    await makeLive(1);
    const url = await replica(() => 1);
    const command = ['block', 'a', ...home, '--wait', '--wait-timeout', '0s', '--replicas'];
    const result = await topshelf(...command, `${url},http://127.0.0.1:1`);
    expect(result.exitCode).toBe(EXIT.notEverywhere);
    expect(result.out).toContain(
      'home: blocked: a (epoch 2)\nepoch 2 is active, but not on every replica in time:',
    );
    expect(result.out).toContain(`  ${url} serves version v1 at epoch 1\n`);
    expect(result.out).toContain('  http://127.0.0.1:1 could not be asked: ');

    const asJson = await topshelf(
      'block',
      'b',
      ...home,
      '--wait',
      '--wait-timeout',
      '0s',
      '--replicas',
      url,
      '--json',
    );
    expect(asJson.exitCode).toBe(EXIT.notEverywhere);
    expect(JSON.parse(asJson.out)).toMatchObject({
      ...{ epoch: 3, changed: true, blocked: ['a', 'b'] },
      waited: { isEverywhere: false, replicas: [{ replica: url, epoch: 1, problem: null }] },
    });
  });

  it('that is interrupted says that what was written stays written', async () => {
    await makeLive(1);
    const url = await replica(() => {
      // As the process's own handler of the signal does, which this command added last.
      process.listeners('SIGINT').at(-1)?.('SIGINT');
      return 1;
    });
    const { exitCode, err } = await topshelf('block', 'a', ...home, '--wait', '--replicas', url);
    expect(exitCode).toBe(EXIT.unexpected);
    expect(err).toContain(
      'stopped by SIGINT: epoch 2 is active; whether every replica serves it is not known',
    );
  });

  it('is refused, before anything is written, where the flags make no sense', async () => {
    await makeLive(1);
    for (const flags of [
      ['--wait'],
      ['--replicas', 'http://a:1'],
      ['--wait', '--replicas', 'a:1'],
      ['--wait', '--replicas', 'http://a:1', '--wait-timeout', 'soon'],
    ]) {
      expect((await topshelf('block', 'a', ...home, ...flags)).exitCode).toBe(EXIT.usage);
    }
    expect((await topshelf('status', ...home)).out).toContain('epoch 1 was written');
  });

  it.each([['activate', 'v'], ['publish', 'f'], ['rollback'], ['release'], ['unblock', 'p']])(
    'is understood by %s',
    async (...command) => {
      const { out } = await topshelf(...command, '--help');
      expect(out).toContain('--wait-timeout <time>');
      expect(out).toContain('--replicas <list>');
    },
  );
});

describe('prune', () => {
  it('says what it would delete, and with --yes what it deleted', async () => {
    const [first = '', second = '', third = ''] = await makeLive(1, 2, 3);
    publisher.advance(7 * 86_400_000);
    const command = ['prune', ...home, '--keep-versions', '2', '--grace', '0s'];
    const would = await topshelf(...command);
    expect(would.exitCode).toBe(EXIT.done);
    expect(would.out).toBe(
      `${third}  kept              is live\n` +
        `${second}  kept              is what a rollback goes to\n` +
        `${first}  would be deleted  is not needed any more\n` +
        'Nothing was deleted: --yes does it.\n',
    );
    const did = await topshelf(...command, '--yes', '--replicas', await replica(() => 3));
    expect(did.out).toContain(`${first}  deleted  is not needed any more\n`);
    expect((await topshelf('versions', ...home)).out.trim().split('\n')).toHaveLength(2);
    expect((await topshelf('prune', '--placement', 'home')).out).not.toContain('--yes');
  });

  it('exits with 69, nothing deleted, where a replica cannot be asked', async () => {
    await makeLive(1, 2, 3);
    publisher.advance(7 * 86_400_000);
    const { exitCode, err } = await topshelf('prune', ...home, '--yes', '--replicas', 'http://127.0.0.1:1');
    expect(exitCode).toBe(EXIT.unreachable);
    expect(err).toContain('nothing was deleted, because a replica may serve');
  });

  it('takes at least two versions, and times with their unit', async () => {
    expect((await topshelf('prune', ...home, '--keep-versions', '1')).exitCode).toBe(EXIT.usage);
    expect((await topshelf('prune', ...home, '--min-age', '24')).err).toContain('is not a time such as 90s');
    for (const time of ['250ms', '90s', '15m', '24h', '7d']) {
      await makeLive();
      expect((await topshelf('prune', '--placement', 'cart', '--min-age', time)).err).toContain(
        'has no pointer',
      );
    }
  });
});

describe('explain', () => {
  it('shows versions side by side, with changes of rank, blocked products and the answer', async () => {
    const [first = '', second = ''] = await makeLive(1, 2);
    await topshelf('block', 'a', ...home);
    const { out, exitCode } = await topshelf('explain', 'anna', ...home);
    expect(exitCode).toBe(EXIT.done);
    expect(out.split('\n')).toEqual([
      'home: user "anna", newest version first',
      `${second}    | ${first}`,
      'live                       | sealed',
      '* 1 b 1 up 1               |   1 a 1 blocked',
      '  2 a 0.99 down 1 blocked  |   2 b 0.99',
      '* 3 c 0.98 new             |   3 d 0.98',
      '    d dropped',
      `answered now, from ${second}: b, c (personalized)`,
      '',
    ]);
    expect((await topshelf('explain', 'nobody', ...home)).out).toContain('(popular)');
    expect((await topshelf('explain', 'anna', '--placement', 'cart')).exitCode).toBe(EXIT.usage);
    const asJson = JSON.parse((await topshelf('explain', 'anna', ...home, '--json')).out) as object;
    expect(asJson).toMatchObject({ live: second, answer: { productIds: ['b', 'c'] } });
  });

  it('takes a sensible number of versions', async () => {
    expect((await topshelf('explain', 'anna', ...home, '--versions', '0')).exitCode).toBe(EXIT.usage);
  });
});

describe('erase', () => {
  it('says where the user was, what the proof is, and what servers may still answer', async () => {
    const [first = ''] = await makeLive(1);
    const { out, exitCode } = await topshelf('erase', 'anna');
    expect(exitCode).toBe(EXIT.done);
    expect(out).toContain(`home: the user was in 1 version\n  erased from version ${first}: table\n`);
    expect(out).toMatch(
      /read back: in none of 1 table and 0 archived files; recorded in home\/erasures\/\S+\.json/,
    );
    expect(out).toContain('TOPSHELF_CACHE_MAX_AGE_SECONDS');
    expect((await topshelf('erase', 'anna')).out).toContain('home: the user was in no version');
    const asJson = JSON.parse((await topshelf('erase', 'anna', '--json')).out) as object;
    expect(asJson).toMatchObject({ placements: [{ placement: 'home', foundIn: [] }] });
    expect((await topshelf('erase', '#seal')).exitCode).toBe(EXIT.usage);
  });
});

describe('the ledger', () => {
  it('tells who wrote the pointer and why, and what replicas serve', async () => {
    const [first = ''] = await makeLive(1, 2);
    const replicas = `${await replica(() => 2)},http://127.0.0.1:1`;
    const { out } = await topshelf('status', ...home, '--history', '1', '--replicas', replicas);
    expect(out).toMatch(
      /\n {2}http:\S+ serves version v2 at epoch 2\n {2}http:\/\/127\.0\.0\.1:1 could not be asked/,
    );
    expect(out).toMatch(/\n {2}epoch 2 {2}\S+ {2}activate \S+ by ada@shop: epoch 2\n$/);
    expect((await topshelf('versions', ...home, '--history', '5')).out).toMatch(
      new RegExp(
        `${first} {2}sealed[^\\n]*\\n {2}content sha256:\\S+\\n {2}epoch 1 {2}\\S+ {2}activate ${first}`,
      ),
    );
  });

  it('tells what a version was loaded from', async () => {
    const path = await folder.file(batch(8));
    await topshelf('load', path, ...home);
    const { out } = await topshelf('versions', ...home, '--history', '0');
    expect(out).toContain('  48 rows, 0 rejected, 0 duplicates\n');
    expect(out).toMatch(new RegExp(`  from ${path} \\(\\d+ bytes, sha256 [0-9a-f]{64}\\)`));
    expect((await topshelf('versions', ...home, '--history', 'all')).exitCode).toBe(EXIT.usage);
  });
});

describe('a quarantined version', () => {
  it('comes back by an explicit word alone', async () => {
    const [, second = ''] = await makeLive(1, 2);
    await topshelf('rollback', ...home);
    await topshelf('release', ...home);
    const refused = await topshelf('activate', second, ...home);
    expect(refused.exitCode).toBe(EXIT.gate);
    expect(refused.err).toContain('Only an explicit word brings it back: --from-quarantine "why".');
    expect((await topshelf('activate', second, ...home, '--help')).out).toContain('--from-quarantine <why>');
  });
});
