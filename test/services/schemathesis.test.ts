import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { batch, createFolder, never } from '../publishing/fixtures.ts';
import { publish } from '../../src/publishing/publish.ts';
import { recordFigure } from '../support/figures.ts';
import { openShop } from '../support/shop.ts';

const PROGRAMS = join(import.meta.dirname, '../../.services/schemathesis/bin');
const GUARANTEE = 34;
const EXAMPLES = Number(process.env.TOPSHELF_TEST_SCHEMATHESIS_EXAMPLES ?? 300);
/** What schemathesis asks for, and this API decided otherwise. */
const NOT_OURS = {
  // A path with another method leads nowhere: 404.
  unsupported_method: true,
  // Ids have rules that a schema cannot count, such as bytes of UTF-8: what it allows may be refused, with a reason.
  positive_data_acceptance: true,
};

// It knows fewer statuses by which a request can be refused.
const SETTINGS =
  '[checks.negative_data_rejection]\nexpected-statuses = [400, 404, 408, 413, 414, 415, 431]\n';

/** Runs schemathesis in an empty folder, where it leaves its own files; resolves with exit code and output. */
async function schemathesis(...args: string[]): Promise<{ code: number; output: string }> {
  const cwd = await mkdtemp(join(tmpdir(), 'topshelf-schemathesis-'));
  onTestFinished(() => rm(cwd, { recursive: true }));
  await writeFile(join(cwd, 'schemathesis.toml'), SETTINGS);
  return new Promise((resolve) => {
    // Through its own Python: the script's first line has the path that it was installed under.
    const program = [join(PROGRAMS, 'st'), ...args];
    execFile(join(PROGRAMS, 'python3'), program, { cwd, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr });
    });
  });
}

it('schemathesis finds nothing in the API that is not as the OpenAPI document says', async ({ task }) => {
  const shop = await openShop();
  const folder = await createFolder();
  onTestFinished(() => folder.remove());
  const paths = [await folder.file(batch(30, 1))];
  await publish(shop.context, { placement: 'home', paths, reason: 'to be fuzzed' }, () => undefined, never);
  const server = await shop.serve();
  const { code, output } = await schemathesis(
    ...['run', `${server.api}/openapi.json`, '--checks', 'all', '--seed', '1', '--no-color'],
    ...['--exclude-checks', Object.keys(NOT_OURS).join(',')],
    ...['--max-examples', String(EXAMPLES), '--request-timeout', '10'],
  );
  expect(code, output).toBe(0);
  const tried = Number(/(\d[\d,]*) generated/.exec(output)?.[1]?.replaceAll(',', '') ?? NaN);
  expect(tried, output).toBeGreaterThan(EXAMPLES);
  expect((await fetch(`${server.api}/recommendations/user-1`)).status).toBe(200);
  recordFigure(GUARANTEE, { test: task.name, tried, result: '0 deviations from the OpenAPI document' });
}, 300_000);
