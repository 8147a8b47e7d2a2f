/**
 * `npm run guarantees`: runs the tests that the rows name, at the size of a record, and writes README.md beside this
 * file. Numbers are rows to run, and paths test files; all else keeps what was found before; `--services` runs the tests against real
 * services too; `--quick` runs all small, and writes nothing. Ends with 1 where a test of a row fails or is not found.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { readResults } from '../../load-tests/results.ts';
import { keyOf, merged, readOutcomes, writeOutcomes, type Figure, type Reported } from './outcomes.ts';
import type { Proof } from './row.ts';
import { RECORD_SIZE, ROWS } from './rows.ts';
import { guaranteesPage } from './table.ts';

const ROOT = join(import.meta.dirname, '../..');
const PAGE = join(import.meta.dirname, 'README.md');
const VITEST = join(ROOT, 'node_modules/vitest/vitest.mjs');
const SERVICES = join(ROOT, 'test/services/run.ts');

const args = process.argv.slice(2);
const isQuick = args.includes('--quick');
const withServices = args.includes('--services');
const paths = args.filter((arg) => arg.startsWith('test/'));
const numbers = args.filter((arg) => !arg.startsWith('--') && !paths.includes(arg)).map(Number);
const unknown = [
  ...args.filter((arg) => arg.startsWith('--') && arg !== '--quick' && arg !== '--services'),
  ...paths.filter((path) => !ROWS.some(({ proofs = [] }) => proofs.some(({ file }) => file === path))),
  ...numbers.filter((number) => !ROWS.some((row) => row.number === number)).map(String),
];
const isAsked = ({ file }: Proof) => paths.length === 0 || paths.includes(file);
const rows = numbers.length === 0 ? ROWS : ROWS.filter(({ number }) => numbers.includes(number));

if (unknown.length > 0) {
  say(
    `${unknown.join(', ')}: neither --quick, --services, the number of a row (1 to ${ROWS.length}) nor a test file of one`,
  );
  process.exitCode = 64;
} else {
  const folder = await mkdtemp(join(tmpdir(), 'topshelf-guarantees-'));
  try {
    process.exitCode = await run(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function run(folder: string): Promise<number> {
  const proofs = rows.flatMap((row) => row.proofs ?? []).filter(isAsked);
  const files = [...new Set(proofs.map(({ file }) => file))];
  const isService = (file: string) => file.startsWith('test/services/');
  const figures = join(folder, 'figures.jsonl');
  await writeFile(figures, '');
  const unit = files.filter((file) => !isService(file));
  const reported = await runTests([VITEST, 'run', '--project', 'unit'], unit, join(folder, 'unit'), figures);
  const services = withServices ? files.filter(isService) : [];
  reported.push(...(await runTests([SERVICES], services, join(folder, 'services'), figures)));

  const found = (await readFile(figures, 'utf8')).split('\n').filter((line) => line !== '');
  const before = isQuick ? { proofs: {}, figures: {} } : await readOutcomes();
  // What ran for some rows proves others too.
  const outcomes = merged(
    before,
    ROWS,
    reported,
    found.map((line) => JSON.parse(line) as Figure),
  );
  if (!isQuick) {
    await writeOutcomes(outcomes);
    await writeFile(PAGE, guaranteesPage(ROWS, outcomes, await readResults()));
  }
  const ran = new Set([...unit, ...services]);
  const bad = proofs.filter((proof) => {
    const outcome = outcomes.proofs[keyOf(proof)];
    return ran.has(proof.file) && (outcome === undefined || outcome.failed > 0 || outcome.passed === 0);
  });
  for (const proof of bad) say(`not proven: ${keyOf(proof)}`);
  const leftOut = files.filter((file) => !ran.has(file));
  if (leftOut.length > 0) say(`not run without --services: ${leftOut.join(', ')}`);
  const tried = proofs.filter(({ file }) => ran.has(file)).length;
  say(
    `${tried - bad.length} of ${tried} proofs that were tried hold${isQuick ? '' : `; ${relative(ROOT, PAGE)} is written`}`,
  );
  return bad.length === 0 ? 0 : 1;
}

/** Runs test files through `command`; resolves with every test of them. */
async function runTests(
  command: readonly string[],
  files: readonly string[],
  report: string,
  figures: string,
): Promise<Reported[]> {
  if (files.length === 0) return [];
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const env = { ...process.env, TOPSHELF_FIGURES: figures, ...(isQuick ? {} : RECORD_SIZE) };
  const child = spawn(process.execPath, [...command, ...files, ...reporters], {
    cwd: ROOT,
    env,
    stdio: 'inherit',
  });
  await once(child, 'exit');
  const { testResults } = JSON.parse(await readFile(report, 'utf8')) as {
    testResults: { name: string; assertionResults: { title: string; status: string }[] }[];
  };
  return testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map(({ title, status }) => ({ file: relative(ROOT, name), title, status })),
  );
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
