import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { DrillReport } from '../../src/drill/drill.ts';
import { publish } from '../../src/publishing/publish.ts';
import { startFakeS3 } from '../pointer/fake-s3.ts';
import { CLI, topshelf } from '../support/program.ts';
import { bundledFile, bundledRanking } from '../support/real-data.ts';
import { openShop, type Shop } from '../support/shop.ts';

// A machine that is busy with other tests must not decide what is answered; the deadline is what slow reads are made of.
const DEADLINE_MS = 2000;

async function openPublished() {
  const shop = await openShop();
  const request = { placement: 'home', paths: [bundledFile('2011-11-25')], reason: 'test' };
  const { loaded } = await publish(shop.context, request, () => undefined, AbortSignal.timeout(60_000));
  const users = [...bundledRanking('2011-11-25').keys()].slice(0, 30);
  const file = join(shop.root, 'users.txt');
  await writeFile(file, `${['nobody', ...users].join('\n')}\n`);
  return { shop, version: loaded.version, usersFile: file, users };
}

function environmentOf({ environment, emulator }: Shop): Record<string, string> {
  return {
    ...environment,
    AWS_ENDPOINT_URL_DYNAMODB: emulator.connection.endpoint,
    AWS_REGION: 'local',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    TOPSHELF_REQUEST_DEADLINE_MS: String(DEADLINE_MS),
    TOPSHELF_READ_TIMEOUT_MS: String(DEADLINE_MS / 2),
  };
}

/** Every file below a folder, with its content. */
async function contentsOf(folder: string): Promise<Record<string, string>> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = found.filter((each) => each.isFile()).map((each) => join(each.parentPath, each.name));
  const contents = files.map(async (path) => [path, await readFile(path, 'utf8')] as const);
  return Object.fromEntries(await Promise.all(contents));
}

describe('topshelf drill', () => {
  it(
    'rehearses everything on a shop, finds that callers get answers in time, and changes nothing of it',
    { timeout: 240_000 },
    async () => {
      const { shop, version, usersFile, users } = await openPublished();
      const before = await contentsOf(join(shop.root, 'pointers'));
      const settings = ['--seconds', '1', '--allowance', '2s', '--users-file', usersFile];
      const printed = await topshelf({ environment: environmentOf(shop) }, 'drill', ...settings);
      const report = printed as unknown as DrillReport;

      expect(report).toMatchObject({ passed: true, placement: 'home', version, epoch: 1 });
      expect(report).toMatchObject({ users: users.length, usersLeftOut: 1, requestDeadlineMs: DEADLINE_MS });
      expect(report.rehearsals.map(({ name, verdict, errors }) => [name, verdict, errors])).toEqual([
        ['slow-store', 'passed', 0],
        ['throttled-store', 'passed', 0],
        ['failing-store', 'passed', 0],
        ['table-gone', 'passed', 0],
        ['corrupt-pointer', 'passed', 0],
        ['older-pointer', 'passed', 0],
        ['pointer-store-away', 'passed', 0],
      ]);
      const seen = (name: string) => {
        const { answers = [] } = report.rehearsals.find((each) => each.name === name) ?? {};
        return answers.map(({ source, reason }) => `${source} ${reason ?? ''}`.trim());
      };
      expect(seen('slow-store')).toContain('popular store-timeout');
      expect(seen('throttled-store')).toEqual(
        expect.arrayContaining(['stale store-throttled', 'popular store-throttled']),
      );
      expect(seen('failing-store')).toEqual(
        expect.arrayContaining(['stale store-error', 'popular store-error']),
      );
      expect(seen('table-gone')).toContain('popular store-error');
      expect(await contentsOf(join(shop.root, 'pointers'))).toEqual(before);
    },
  );

  it(
    'follows a pointer in S3 through a proxy, and writes nothing to the bucket',
    { timeout: 120_000 },
    async () => {
      const { shop, usersFile } = await openPublished();
      const s3 = await startFakeS3();
      onTestFinished(() => s3.close());
      const [pointer = ''] = Object.values(await contentsOf(join(shop.root, 'pointers', 'home')));
      s3.objects.set('shop/pointers/home/pointer.json', Buffer.from(pointer));
      const environment = {
        ...environmentOf(shop),
        TOPSHELF_POINTER: 's3://shop/pointers',
        TOPSHELF_S3_PATH_STYLE: 'true',
        AWS_ENDPOINT_URL_S3: s3.endpoint,
      };
      const only = ['--only', 'corrupt-pointer,older-pointer,pointer-store-away'];
      const settings = ['--seconds', '1', '--allowance', '2s', '--users-file', usersFile];
      const report = await topshelf({ environment }, 'drill', ...only, ...settings);

      expect(report).toMatchObject({ passed: true, epoch: 1 });
      expect(s3.requests.length).toBeGreaterThan(3);
      expect(new Set(s3.requests)).toEqual(new Set(['GET shop/pointers/home/pointer.json']));
    },
  );

  it('exits with 2 and says so where a deadline cannot hold', { timeout: 60_000 }, async () => {
    const { shop, usersFile } = await openPublished();
    // Nothing takes less than no time: what is late here is the answer itself.
    const settings = [
      '--only',
      'slow-store',
      '--seconds',
      '1',
      '--allowance',
      '0s',
      '--users-file',
      usersFile,
    ];
    const environment = { ...environmentOf(shop), TOPSHELF_REQUEST_DEADLINE_MS: '200' };
    const failed = topshelf({ environment }, 'drill', ...settings);
    await expect(failed).rejects.toMatchObject({ code: 2 });
    const { stdout } = (await failed.catch((error: unknown) => error)) as { stdout: string };
    expect(JSON.parse(stdout)).toMatchObject({ passed: false, rehearsals: [{ verdict: 'failed' }] });
    expect(stdout).toContain('answers came later than 200 ms');
  });

  it.each(['SIGINT', 'SIGHUP'] as const)(
    'ends at %s and clears away what it made',
    { timeout: 60_000 },
    async (signal) => {
      const { shop, usersFile } = await openPublished();
      const temporary = join(shop.root, 'temporary');
      await mkdir(temporary);
      const env = { ...process.env, ...environmentOf(shop), TMPDIR: temporary };
      const child = spawn(process.execPath, [CLI, 'drill', '--users-file', usersFile], { env });
      onTestFinished(() => void child.kill('SIGKILL'));
      const ended = once(child, 'exit');
      let said = '';
      child.stderr.on('data', (data: Buffer) => (said += data.toString()));
      await expect.poll(() => said, { timeout: 30_000 }).toContain('rehearsing slow-store');
      expect(await readdir(temporary)).toHaveLength(1);
      child.kill(signal);
      expect(await ended).toEqual([1, null]);
      expect(said).toMatch(new RegExp(`\\ntopshelf: stopped by ${signal}\\n$`));
      expect(await readdir(temporary)).toEqual([]);
    },
  );
});
