import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { EXIT } from '../../src/cli/exit-codes.ts';
import { run } from '../../src/cli/program.ts';
import { UnreachableError } from '../../src/domain/errors.ts';
import { batch, createFolder, createPublisher, csv, type TestPublisher } from '../publishing/fixtures.ts';

let folder: Awaited<ReturnType<typeof createFolder>>;
let publisher: TestPublisher;
let good: string[];
let closed: number;
beforeAll(async () => {
  folder = await createFolder();
  good = await Promise.all([1, 2, 3].map((seed) => folder.file(batch(30, seed))));
});
afterAll(() => folder.remove());
beforeEach(() => {
  publisher = createPublisher();
  closed = 0;
});

/** Runs one command over adapters in memory. */
async function topshelf(...argv: string[]) {
  let out = '';
  let err = '';
  const exitCode = await run(argv, {
    io: { stdout: { write: (text) => (out += text) }, stderr: { write: (text) => (err += text) } },
    openPublisher: async () => ({ ...publisher, close: async () => void (closed += 1) }),
  });
  return { exitCode, out, err };
}

async function json(...argv: string[]) {
  const { exitCode, out } = await topshelf(...argv, '--json');
  return { exitCode, document: JSON.parse(out) as Record<string, unknown> };
}

const home = ['--placement', 'home'];
const publishDay = (day: number) => topshelf('publish', good[day] ?? '', ...home);

describe('every command', () => {
  it('says what it did, and exits with 0', async () => {
    const published = await topshelf('publish', good[0]!, ...home, '--reason', 'daily batch');
    expect(published).toMatchObject({ exitCode: EXIT.done });
    expect(published.out).toMatch(
      /^home: loaded version \S+: 30 users, 180 of 180 rows, table \S+\nhome: version \S+ is live \(epoch 1\)\n$/,
    );
    expect(published.err).toContain('written 30 of 30 users (100 %)');

    const loaded = await json('load', good[1]!, ...home);
    expect(loaded.document).toMatchObject({ users: 30, rows: 180, placement: 'home' });
    const version = String(loaded.document.version);
    expect((await topshelf('activate', version, ...home)).out).toBe(
      `home: version ${version} is live (epoch 2)\n`,
    );
    expect((await topshelf('activate', version, ...home)).out).toBe(
      `home: version ${version} is live already (epoch 2)\n`,
    );
    expect((await topshelf('block', 'product-1', 'product-2', ...home)).out).toBe(
      'home: blocked: product-1, product-2 (epoch 3)\n',
    );
    expect((await topshelf('unblock', 'product-1', ...home)).out).toBe(
      'home: blocked: product-2 (epoch 4)\n',
    );
    expect((await topshelf('rollback', ...home, '--reason', 'odd answers')).out).toContain(
      `Version ${version} was left and quarantined.`,
    );

    const held = (await topshelf('status')).out;
    expect(held).toContain('held by ada@shop since');
    expect(held).toContain(`quarantined: ${version} by ada@shop`);
    expect((await topshelf('release', ...home)).out).toMatch(
      /^home: released; version \S+ is live \(epoch 6\)\n$/,
    );
    expect((await topshelf('versions', ...home)).out).toMatch(/quarantined +30 users .*\n.*live +30 users/);
    expect(closed).toBe(10);
  });

  it('prints one JSON document where it is asked to, and nothing else on stdout', async () => {
    const { document } = await json('publish', good[0]!, ...home);
    expect(document).toMatchObject({ placement: 'home', epoch: 1, changed: true, loaded: { users: 30 } });
    expect((await json('status')).document).toMatchObject({ placements: [{ placement: 'home', epoch: 1 }] });
    expect((await json('versions', ...home)).document).toMatchObject({ versions: [{ state: 'live' }] });
  });

  it('says on stderr what a check is doing, step by step, or that there was one', async () => {
    const first = await publishDay(0);
    expect(first.err).toMatch(
      /checking: fetching the predictions of \S+\nchecking: measuring \S+, 30 users, with nothing to compare with/,
    );
    const version = String((await json('load', good[1]!, ...home)).document.version);
    const { err } = await topshelf('check', version, ...home);
    expect(err.split('\n')).toEqual([
      `checking: fetching the predictions of ${version}`,
      expect.stringMatching(/^checking: fetching the predictions of \S+, which is live$/),
      expect.stringMatching(/^checking: measuring \S+, 30 users against \S+$/),
      '',
    ]);
    const activated = await topshelf('activate', version, ...home);
    expect(activated.err).toMatch(/^checking: passed before: report \S+\n$/);
  });

  it('shows pointers of every kind', async () => {
    expect((await topshelf('status')).out).toMatch(/^no placement has a pointer, /);
    await publishDay(0);
    publisher.pointers.put('bare', 'some-table');
    publisher.pointers.put('broken', '{');
    publisher.advance(3 * 86_400_000);
    const { out } = await topshelf('status');
    expect(out).toContain('bare: table some-table (version unknown) by a bare name: held until released');
    expect(out).toContain('broken: the pointer cannot be read: the pointer is not valid JSON');
    expect(out).toMatch(
      /home: version \S+ is live; epoch 1 was written at \S+ by ada@shop: published\n {2}predictions of \S+ \(the newest file’s time: the rows have none\), /,
    );
    await topshelf('load', good[0]!, '--placement', 'cart');
    expect((await topshelf('status', '--placement', 'cart')).out).toBe(
      'cart: nothing is live, and the archive has no record that anything ever was\n',
    );
    expect((await topshelf('versions', '--placement', 'bare')).out).toBe('bare: no versions\n');
    expect((await topshelf('release', ...home)).out).toMatch(/^home: is not held; /);
    expect((await topshelf('unblock', 'p', ...home)).out).toBe(
      'home: nothing is blocked (epoch 1, nothing to change)\n',
    );
    await publishDay(0);
    publisher.pointers.remove('home');
    expect((await topshelf('status', ...home)).out).toMatch(
      /^home: the pointer is gone\n  last recorded: epoch 1 .*\n  Servers stay .*topshelf release --placement home/,
    );
  });

  it('shows warnings on stderr', async () => {
    await publishDay(0);
    publisher.pointers.put('home', 'not a { pointer');
    const { out, err } = await publishDay(1);
    expect(out).toContain('is live (epoch 2)');
    expect(err).toContain('warning: what the pointer held could not be read');
  });

  it('warns where placements may be missing from a status, also in its document', async () => {
    await publishDay(0);
    publisher.archive.listFolders = () => Promise.reject(new UnreachableError('the archive is away'));
    const { out, err } = await topshelf('status', '--json');
    const warning = 'placements whose pointer is gone are not listed: the archive is away';
    expect(err).toBe(`warning: ${warning}\n`);
    expect(JSON.parse(out)).toMatchObject({ placements: [{ placement: 'home' }], warnings: [warning] });
  });

  it('shows help and version on request, as a success', async () => {
    expect(await topshelf('--help')).toMatchObject({ exitCode: 0, err: '' });
    expect((await topshelf('publish', '--help')).out).toContain('--placement <name>');
    expect((await topshelf('--version')).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('check', () => {
  const strangers = () => folder.file(batch(30).replaceAll('user-', 'stranger-'));
  const loadFile = async (path: string) => String((await json('load', path, ...home)).document.version);

  it('prints a table of every check, and exits with 0 where all passed', async () => {
    await publishDay(0);
    const version = await loadFile(good[1]!);
    const { exitCode, out } = await topshelf('check', version, ...home);
    expect(exitCode).toBe(EXIT.done);
    expect(out).toMatch(/^home: version \S+ passes all 22 checks, against \S+ \(report \S+\)\n/);
    expect(out).toMatch(
      /\n {2}passed {3}overlap +100 % of users’ first five stay, on average; at least 65 % needed\n/,
    );
  });

  it('exits with 2 where one did not, and prints the same report as JSON', async () => {
    await publishDay(0);
    const version = await loadFile(await strangers());
    const { exitCode, out } = await topshelf('check', version, ...home);
    expect(exitCode).toBe(EXIT.gate);
    expect(out).toContain('is stopped by 4 of 22 checks');
    expect(out.split('\n')[1]).toMatch(/^ {2}failed {3}users-lost/);
    const asJson = await json('check', version, ...home);
    expect(asJson).toMatchObject({
      exitCode: EXIT.gate,
      document: { candidate: { version }, passed: false, checks: expect.any(Array) as unknown },
    });
  });

  it('is part of publish and activate, which --override passes over, once and with a reason', async () => {
    await publishDay(0);
    const path = await strangers();
    const { exitCode, document } = await json('publish', path, ...home);
    expect({ exitCode, document }).toMatchObject({
      exitCode: EXIT.gate,
      document: { error: { code: 'gate' }, check: { passed: false } },
    });
    const version = await loadFile(path);
    expect(await topshelf('activate', version, ...home)).toMatchObject({ exitCode: EXIT.gate, out: '' });
    const passed = await topshelf('activate', version, ...home, '--override', 'the shop was merged');
    expect(passed.exitCode).toBe(EXIT.done);
    expect(passed.err).toContain("warning: the gate's verdict was passed over: the shop was merged");
    expect((await json('status')).document).toMatchObject({
      placements: [{ version, override: { by: 'ada@shop', reason: 'the shop was merged' } }],
    });
  });

  it('takes thresholds and a catalogue from files', async () => {
    const thresholds = await folder.file('{"placements": {"home": {"minUsers": 31}}}');
    const catalogue = await folder.file('sku,id\nx,product-1\n');
    const gate = ['--gate-config', thresholds, '--catalogue', catalogue, '--catalogue-column', 'id'];
    const { exitCode, err } = await topshelf('publish', good[0]!, ...home, ...gate);
    expect(exitCode).toBe(EXIT.gate);
    expect(err).toMatch(/failed +users-floor +30 users; at least 31 needed/);
    expect(err).toMatch(
      /failed +unknown-products +\d+(\.\d+)? % of rows name products that are not in the catalogue/,
    );
    expect(err).toMatch(
      /"topshelf activate \d{8}T\d{6}Z-\w+ --placement home --override 'why'" makes it live all the same\./,
    );
  });

  it('says in a check which sections of the thresholds applied', async () => {
    const thresholds = await folder.file('{"placements": {"hoem": {"minUsers": 31}}}', 'gate.json');
    const { document } = await json('load', good[0]!, ...home);
    const { version } = document as { version: string };
    const check = (config: string) => topshelf('check', version, ...home, '--gate-config', config);
    expect((await check(thresholds)).out).toContain(
      'thresholds: the defaults alone, gate.json has neither "default" nor "placements.home"\n',
    );
    const both = await folder.file('{"default": {}, "placements": {"home": {}}}', 'both.json');
    expect((await check(both)).out).toContain('thresholds: "default" and "placements.home" of both.json\n');
    expect((await json('check', version, ...home, '--gate-config', both)).document).toMatchObject({
      gateConfig: { file: 'both.json', sections: ['default', 'placements.home'] },
    });
  });
});

describe('a failure has its exit code, and its reason on stderr without a stack', () => {
  const expectFailure = (
    { exitCode, out, err }: Awaited<ReturnType<typeof topshelf>>,
    code: number,
    reason: string,
  ) => {
    expect({ exitCode, out }).toEqual({ exitCode: code, out: '' });
    expect(err).toContain(reason);
    expect(err).not.toMatch(/\n\s+at /);
  };

  it('64 for a command line that cannot be understood', async () => {
    expectFailure(await topshelf('publsh'), EXIT.usage, 'Did you mean publish?');
    expectFailure(await topshelf('publish', good[0]!), EXIT.usage, "required option '--placement <name>'");
    expectFailure(await topshelf('publish', ...home), EXIT.usage, "missing required argument 'files'");
    expectFailure(await topshelf('status', '--placement', 'Home Page'), EXIT.usage, 'is not 1 to 40 of a-z');
    expectFailure(await topshelf('load', good[0]!, ...home, '--keep', '0'), EXIT.usage, 'from 1 to 100');
    expect((await topshelf()).exitCode).toBe(EXIT.usage);
    expect(closed).toBe(0);
  });

  it('64 for what does not exist', async () => {
    expectFailure(await topshelf('activate', 'v1', ...home), EXIT.usage, '"v1" is not a version');
    expectFailure(await topshelf('rollback', ...home), EXIT.usage, 'nothing is live');
    const hoem = ['--placement', 'hoem'];
    for (const command of [
      ['status'],
      ['versions'],
      ['explain', 'user-1'],
      ['erase', 'user-1', '--reason', 'x'],
    ])
      expectFailure(await topshelf(...command, ...hoem), EXIT.usage, 'placement hoem has no');
  });

  it('65 for input that must not be published', async () => {
    const bad = await folder.file(csv([['u', 'p', '1e400']]), 'bad.csv');
    expectFailure(
      await topshelf('publish', bad, ...home),
      EXIT.badData,
      'bad.csv: record 1 (line 2): score "1e400"',
    );
  });

  it('2 for what the gate stops, or a quarantine', async () => {
    const tiny = await folder.file(csv([['u', 'p', 1]]));
    expectFailure(await topshelf('publish', tiny, ...home), EXIT.gate, 'failed   popular-floor');
    await publishDay(0);
    await publishDay(1);
    await topshelf('rollback', ...home);
    await topshelf('release', ...home);
    expectFailure(await publishDay(1), EXIT.gate, 'was quarantined by ada@shop');
  });

  it('3 for a hold', async () => {
    await publishDay(0);
    await publishDay(1);
    await topshelf('rollback', ...home, '--reason', 'odd answers');
    expectFailure(await publishDay(2), EXIT.lostOrHeld, 'odd answers');
  });

  it('69 for a store that is away', async () => {
    publisher.pointers.setFailing(true);
    expectFailure(await publishDay(0), EXIT.unreachable, 'does not answer');
  });

  it('as JSON where it is asked for', async () => {
    expect(await json('activate', 'v1', ...home)).toMatchObject({
      exitCode: 64,
      document: { exitCode: 64, error: { code: 'not-found' } },
    });
    expect(await json('activate', ...home)).toMatchObject({
      exitCode: 64,
      document: { error: { code: 'usage' } },
    });
  });

  it('1 with a stack for a defect', async () => {
    publisher.pointers.read = () => Promise.reject(new TypeError('oops'));
    const { exitCode, err } = await topshelf('status', ...home);
    expect(exitCode).toBe(EXIT.unexpected);
    expect(err).toMatch(/TypeError: oops\n\s+at /);
  });
});

it('reports a configuration that cannot be opened as its error says', async () => {
  const io = { stdout: { write: () => 0 }, stderr: { write: () => 0 } };
  const openPublisher = () => Promise.reject(new UnreachableError('no demo is running'));
  expect(await run(['status', '--demo'], { io, openPublisher })).toBe(EXIT.unreachable);
});
