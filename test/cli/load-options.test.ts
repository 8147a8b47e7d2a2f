import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { EXIT } from '../../src/cli/exit-codes.ts';
import { run } from '../../src/cli/program.ts';
import { batch, createFolder, createPublisher, never, type TestPublisher } from '../publishing/fixtures.ts';

let folder: Awaited<ReturnType<typeof createFolder>>;
let publisher: TestPublisher;
let [one, other] = ['', ''];
beforeAll(async () => {
  folder = await createFolder();
  [one, other] = [await folder.file(batch(30, 1)), await folder.file(batch(30, 2))];
});
afterAll(() => folder.remove());
beforeEach(() => {
  publisher = createPublisher();
});

async function topshelf(...argv: string[]) {
  let out = '';
  let err = '';
  const exitCode = await run([...argv, '--placement', 'home'], {
    io: { stdout: { write: (text) => (out += text) }, stderr: { write: (text) => (err += text) } },
    openPublisher: async () => ({ ...publisher, close: async () => undefined }),
  });
  return { exitCode, out, err };
}

describe('the options of loading', () => {
  it('name a run, which a second command finds done, and another input may not take', async () => {
    const first = await topshelf('load', one, '--run-id', 'daily 1');
    const again = await topshelf('publish', one, '--run-id', 'daily 1');
    expect(first.exitCode).toBe(EXIT.done);
    expect(again.exitCode).toBe(EXIT.done);
    expect(again.err).toContain('this run has loaded version');
    expect(await publisher.tables.list('', never)).toHaveLength(1);
    const wrong = await topshelf('load', other, '--run-id', 'daily 1');
    expect(wrong.exitCode).toBe(EXIT.badData);
    expect(wrong.err).toMatch(/run "daily 1" of home was begun by ada@shop .*is missing; .* is new/);
  });

  it('name a run that another one replaced since, which is told in text and JSON, and is no failure', async () => {
    await topshelf('publish', one, '--run-id', 'daily 1');
    await topshelf('publish', other, '--run-id', 'daily 2');
    const again = await topshelf('publish', one, '--run-id', 'daily 1');
    expect(again.exitCode).toBe(EXIT.done);
    expect(again.out).toMatch(/\nhome: version \S+ was live before \(epoch 1\), and is not now\n$/);
    expect(again.err).toMatch(/has taken over since \(epoch 2\): nothing was changed\. To go back use/);
    const { out } = await topshelf('publish', one, '--run-id', 'daily 1', '--json');
    expect(JSON.parse(out)).toMatchObject({ changed: false, epoch: 1, replacedBy: { epoch: 2 } });
  });

  it('name a run that is interrupted, which tells its table and how to go on', async () => {
    publisher.tables.faults.unprocessed = () => {
      // As the process's own handler of the signal does, which this command added last.
      process.listeners('SIGINT').at(-1)?.('SIGINT');
      return [];
    };
    const { exitCode, err } = await topshelf('publish', one, '--run-id', 'daily 1');
    const [table = ''] = await publisher.tables.list('', never);
    expect(exitCode).toBe(EXIT.unexpected);
    expect(err).toContain(
      `topshelf: stopped by SIGINT: the same command with the same run id, "daily 1", goes on with table ${table}, ` +
        'which is never activated before it is sealed\n',
    );
    publisher.tables.faults.unprocessed = undefined;
    expect(await topshelf('publish', one, '--run-id', 'daily 1')).toMatchObject({ exitCode: EXIT.done });
    expect(await publisher.tables.list('', never)).toEqual([table]);
  });

  it('tell, where publishing is interrupted during the check, what is loaded', async () => {
    const { archive } = publisher;
    const getFile = archive.getFile.bind(archive);
    archive.getFile = async (...request) => {
      process.listeners('SIGINT').at(-1)?.('SIGINT');
      return getFile(...request);
    };
    const { exitCode, err } = await topshelf('publish', one);
    expect(exitCode).toBe(EXIT.unexpected);
    expect(err).toMatch(
      /stopped by SIGINT: version (\S+) is loaded: "topshelf activate \1 --placement home" makes it live/,
    );
  });

  it('give the table tags, topshelf’s own among them, protection and warm throughput', async () => {
    const flags = [
      '--tag',
      'team=search',
      '--tag',
      'cost=a=b',
      '--deletion-protection',
      '--warm-reads',
      '24000',
    ];
    expect(await topshelf('load', one, ...flags)).toMatchObject({ exitCode: EXIT.done });
    const [table = ''] = await publisher.tables.list('', never);
    expect(publisher.tables.optionsOf(table)).toEqual({
      warm: { reads: 24_000 },
      tags: {
        team: 'search',
        cost: 'a=b',
        'topshelf:placement': 'home',
        'topshelf:version': table.replace('topshelf-home-', ''),
      },
      deletionProtection: true,
    });
  });

  it('ask nothing of the table unless they are given', async () => {
    await topshelf('load', one);
    const [table = ''] = await publisher.tables.list('', never);
    expect(publisher.tables.optionsOf(table)).toEqual({});
  });

  it.each(['load', 'publish'])('let %s estimate without writing', async (command) => {
    const { exitCode, out } = await topshelf(command, one, '--estimate');
    expect(exitCode).toBe(EXIT.done);
    expect(out).toMatch(/^home: nothing was written\. A load would write 30 items of 180 rows, \d+ bytes\n/);
    expect(out).toMatch(/30 write units, \$0\.0000\n[^]*us-east-1 on 2026-\d\d-\d\d/);
    const { out: json } = await topshelf(command, one, '--estimate', '--json');
    expect(JSON.parse(json)).toMatchObject({ items: 30, writeUnits: 30 });
    expect(await publisher.tables.list('', never)).toEqual([]);
  });

  it.each([
    [['--tag', 'novalue'], 'key=value'],
    [['--tag', 'topshelf:version=1'], 'reserved'],
    [['--warm-writes', '0'], 'whole number'],
    [['--run-id', ' '], 'run id'],
    [['--engine', 'import-table'], 'go together'],
    [['--import-bucket', 's3://bucket/x'], 'go together'],
    [['--engine', 'import-table', '--import-bucket', 'file:///tmp'], 'is not s3://bucket'],
    [['--engine', 'import-table', '--import-bucket', 's3://bucket/x'], 'no import into this store'],
  ])('are refused as %j', async (flags, message) => {
    const { exitCode, err } = await topshelf('load', one, ...flags);
    expect(exitCode).toBe(EXIT.usage);
    expect(err).toContain(message);
    expect(await publisher.tables.list('', never)).toEqual([]);
  });
});
