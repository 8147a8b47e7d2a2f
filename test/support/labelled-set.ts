import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DuckDBConnection } from '@duckdb/node-api';
import { BadInputError } from '../../src/domain/errors.ts';
import { judge, type Verdict } from '../../src/gate/gate.ts';
import { DEFAULT_THRESHOLDS } from '../../src/gate/thresholds.ts';
import { measure, type Subject } from '../../src/publishing/check/measure.ts';
import { createContentHash } from '../../src/publishing/content-hash.ts';
import { openWorkbench, type Workbench } from '../../src/publishing/input/duckdb.ts';
import { predictionsIn } from './parquet-predictions.ts';
import { withInput } from '../publishing/fixtures.ts';
import { faults, STRENGTHS, withNewUsers, type Strength } from './bad-batches.ts';
import { bundledFile } from './real-data.ts';

export interface Labelled {
  readonly label: 'good' | 'bad';
  readonly name: string;
  readonly strength: Strength | null;
  /** The share of the batch that the fault is in. */
  readonly share: number;
  readonly isFirstLoad: boolean;
  /** What the gate says; for a batch that the loader refuses, what the loader says. */
  readonly verdict: Verdict | { readonly refused: string };
}

const CATALOGUE = fileURLToPath(new URL('../data/products.csv', import.meta.url));
export const UNSEEN_DAY = fileURLToPath(new URL('../data/predictions-2011-12-08.csv.gz', import.meta.url));
const FILES = {
  '2011-11-25': bundledFile('2011-11-25'),
  '2011-12-07': bundledFile('2011-12-07'),
  '2011-12-08': UNSEEN_DAY,
};
type Day = keyof typeof FILES;
const { signal } = new AbortController();

/**
 * Judges every batch of the labelled set, by the default thresholds and with the shop's catalogue. They are made as
 * parquet straight from rows and measured by what measures them in production; the loader has tests of its own.
 */
export async function judgeLabelledSet(): Promise<Labelled[]> {
  const workbench = await openWorkbench({ memoryLimitBytes: 2 ** 29, tempDir: tmpdir(), signal });
  try {
    const connection = await workbench.connect();
    for (const [day, file] of Object.entries(FILES)) {
      await connection.run(
        `CREATE TABLE "${day}" AS
         SELECT ENTITY AS userId, CLASS AS productId, SCORE::DOUBLE AS score, RANK::INTEGER AS position
         FROM read_csv('${file}', header=true, all_varchar=true)`,
      );
    }
    await connection.run('CREATE VIEW batch AS FROM "2011-12-08"; CREATE VIEW previous AS FROM "2011-12-07"');
    const made = new Map<string, Promise<TestSubject>>();
    const subject = (sql: string) => {
      const known = made.get(sql) ?? makeSubject(connection, workbench, `batch-${made.size}`, sql);
      made.set(sql, known);
      return known;
    };
    const verdictOn = async (sql: string, live: Day | null) =>
      verdict(workbench, await subject(sql), live === null ? null : await subject(`FROM "${live}"`));

    const good = async (name: string, sql: string, live: Day | null): Promise<Labelled> => ({
      ...{ label: 'good', name, strength: null, share: 0, isFirstLoad: live === null },
      verdict: await verdictOn(sql, live),
    });
    const results = [
      await good('thresholds set on: twelve days apart', 'FROM "2011-12-07"', '2011-11-25'),
      await good('the next day', 'FROM batch', '2011-12-07'),
      await good('thirteen days apart', 'FROM batch', '2011-11-25'),
      await good('the next day, a tenth more users', withNewUsers(0.1), '2011-12-07'),
      await good('a placement’s first load', 'FROM batch', null),
    ];
    for (const { name, full, apply } of faults) {
      for (const strength of Object.keys(STRENGTHS) as Strength[]) {
        const share = full * STRENGTHS[strength];
        const fault = { label: 'bad', name, strength, share } as const;
        const of = async (live: Day | null) => verdictOn(apply(share), live);
        results.push({ ...fault, isFirstLoad: false, verdict: await of('2011-12-07') });
        if (strength === 'full') results.push({ ...fault, isFirstLoad: true, verdict: await of(null) });
      }
    }
    const damaged = { label: 'bad', isFirstLoad: false } as const;
    const live = await subject('FROM "2011-12-07"');
    for (const strength of Object.keys(STRENGTHS) as Strength[]) {
      const share = STRENGTHS[strength];
      const paths = await partsWithout(connection, workbench, share);
      const loaded = await throughLoader(paths, (input) => verdict(workbench, input, live));
      results.push({ ...damaged, name: 'header only (of ten files)', strength, share, verdict: loaded });
    }
    for (const strength of Object.keys(STRENGTHS) as Strength[]) {
      const share = 0.5 * STRENGTHS[strength];
      const path = join(workbench.folder, `truncated-${strength}.csv.gz`);
      const bytes = await readFile(UNSEEN_DAY);
      await writeFile(path, bytes.subarray(0, Math.round(bytes.length * (1 - share))));
      const loaded = await throughLoader([path], (input) => verdict(workbench, input, live));
      results.push({ ...damaged, name: 'truncated gzip', strength, share, verdict: loaded });
    }
    return results;
  } finally {
    await workbench.close();
  }
}

type TestSubject = Parameters<typeof measure>[1]['candidate'];

async function makeSubject(
  connection: DuckDBConnection,
  { folder }: Workbench,
  name: string,
  sql: string,
): Promise<TestSubject> {
  const path = join(folder, `${name}.parquet`);
  await connection.run(
    `COPY (SELECT userId, productId, score::DOUBLE AS score, position::INTEGER AS position FROM (${sql})
           ORDER BY userId, position) TO '${path}' (FORMAT parquet)`,
  );
  const hash = createContentHash();
  let users = 0;
  for (const prediction of await predictionsIn(connection, path)) {
    hash.add(prediction);
    users++;
  }
  const popular = await connection.runAndReadAll(
    `SELECT productId FROM '${path}' WHERE position <= 5 GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 20`,
  );
  return {
    ...{
      path,
      users,
      contentHash: hash.digest(),
      generatedAt: '2011-12-08T00:00:00Z',
      generatedAtFrom: 'file',
    },
    popular: popular.getRows().map(([productId]) => [String(productId), 1]),
  };
}

/** The day in ten files, of which this share have a header and no rows. */
async function partsWithout(connection: DuckDBConnection, { folder }: Workbench, share: number) {
  return Promise.all(
    Array.from({ length: 10 }, async (_, part) => {
      const path = join(folder, `part-${part}-without-${share}.csv`);
      const rows = `hash(userId) % 10 = ${part} AND ${part >= share * 10}`;
      await connection.run(
        `COPY (SELECT userId AS ENTITY, productId AS CLASS, score AS SCORE, position AS RANK FROM batch WHERE ${rows})
         TO '${path}' (FORMAT csv, HEADER)`,
      );
      return path;
    }),
  );
}

/** Reads files as a load does; hands on what it makes of them, or the reason for which it refuses them. */
async function throughLoader(
  paths: readonly string[],
  use: (candidate: TestSubject) => Promise<Verdict>,
): Promise<Labelled['verdict']> {
  try {
    return await withInput(paths, async (input) => {
      const { users, contentHash, generatedAt, generatedAtFrom } = input;
      const { parquetPath: path, popular } = await input.toParquet();
      return use({ path, users, contentHash, generatedAt, generatedAtFrom, popular });
    });
  } catch (error) {
    if (error instanceof BadInputError) return { refused: error.message };
    throw error;
  }
}

async function verdict(workbench: Workbench, candidate: TestSubject, live: Subject | null): Promise<Verdict> {
  const connection = await workbench.connect();
  await connection.run(
    `CREATE TEMP TABLE catalogue AS SELECT productId FROM read_csv('${CATALOGUE}', all_varchar=true)`,
  );
  const measurements = await measure(connection, {
    candidate,
    live: live ?? { kind: 'none', why: 'nothing is live' },
    hasCatalogue: true,
    signal,
  });
  connection.closeSync();
  return judge(measurements, DEFAULT_THRESHOLDS);
}
