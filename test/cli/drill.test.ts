import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { drillText } from '../../src/cli/drill-text.ts';
import { drillUsers } from '../../src/cli/drill-users.ts';
import { run } from '../../src/cli/program.ts';
import { bundledRanking } from '../support/real-data.ts';

const NONE = { user: [], seconds: 5, rate: 50, allowance: 50 };

async function fileWith(text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'topshelf-users-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'users.txt');
  await writeFile(path, text);
  return path;
}

describe('the users of a drill', () => {
  it('come from flags and from a file, whatever ends its lines, and none twice', async () => {
    const usersFile = await fileWith('anna\r\n\nbert\nanna\n00123');
    expect(await drillUsers({ ...NONE, user: ['carl', 'bert'], usersFile })).toEqual([
      'carl',
      'bert',
      'anna',
      '00123',
    ]);
  });

  it('are some of the bundled predictions with a demo, unless others are given', async () => {
    const users = await drillUsers({ ...NONE, demo: true });
    const bundled = bundledRanking('2011-12-07');
    expect(users).toHaveLength(200);
    expect(users.filter((user) => !bundled.has(user))).toEqual([]);
    expect(await drillUsers({ ...NONE, demo: true, user: ['anna'] })).toEqual(['anna']);
  });

  it('must be given else, and each must be an id that can be asked for', async () => {
    await expect(drillUsers(NONE)).rejects.toThrow(/--users-file FILE with one id a line/);
    await expect(drillUsers({ ...NONE, usersFile: '/does/not/exist' })).rejects.toThrow(
      /--users-file cannot be read: ENOENT/,
    );
    const usersFile = await fileWith('anna\n#seal\n');
    await expect(drillUsers({ ...NONE, usersFile })).rejects.toThrow(
      /users.txt, line 2: user id "#seal" begins with #/,
    );
  });
});

describe('topshelf drill on the command line', () => {
  async function typed(...args: string[]) {
    let output = '';
    const stream = { write: (text: string) => (output += text) };
    const code = await run(['drill', ...args], { io: { stdout: stream, stderr: stream } });
    return { code, output };
  }

  it.each([
    [['--only', 'slow-store,flood'], 'there is no rehearsal "flood"; there are slow-store, throttled-store'],
    [['--seconds', '0'], '"0" is not a whole number from 1 to 600'],
    [['--rate', 'many'], '"many" is not a whole number from 1 to 1000'],
    [['--allowance', 'none'], '"none" is not a time such as'],
  ])('refuses %j and says what it takes', async (args, message) => {
    const { code, output } = await typed(...args);
    expect(code).toBe(64);
    expect(output).toContain(message);
  });

  it('prints a paragraph a rehearsal, with what was expected where one failed', () => {
    const rehearsal = {
      name: 'slow-store',
      what: 'every read takes long',
      verdict: 'failed' as const,
      failures: ['3 of 10 requests ended in an error; expected: none. The first: 500 oh no'],
      requests: 10,
      answers: [{ source: 'popular', reason: 'store-timeout', answers: 7 }],
      errors: 3,
      slowestMs: 54.2,
      personalizedAgainAfterSeconds: null,
    };
    const text = drillText({
      placement: 'home',
      version: '20261121T031500Z-3f9a1c',
      epoch: 7,
      requestDeadlineMs: 100,
      users: 2,
      usersLeftOut: 1,
      rehearsals: [rehearsal],
      passed: false,
    });
    expect(text).toBe(
      [
        'placement home, version 20261121T031500Z-3f9a1c, epoch 7, 2 users (1 others have no prediction)',
        '',
        'failed  slow-store: every read takes long',
        '  10 requests, 3 errors: 7 popular (store-timeout)',
        '  the slowest took 54.2 ms of 100; not personalized again',
        '  failed: 3 of 10 requests ended in an error; expected: none. The first: 500 oh no',
        '',
        '0 of 1 rehearsals passed',
      ].join('\n'),
    );
  });
});
