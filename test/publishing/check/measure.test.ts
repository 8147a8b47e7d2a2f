import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Measurements } from '../../../src/gate/measurements.ts';
import { measure, type Subject } from '../../../src/publishing/check/measure.ts';
import { openWorkbench, type Workbench } from '../../../src/publishing/input/duckdb.ts';
import { rankBiasedOverlap } from '../../support/rank-biased-overlap.ts';
import { never } from '../fixtures.ts';

/** Each user's products, best first, with their scores. */
type Lists = Readonly<Record<string, readonly (readonly [product: string, score: number])[]>>;

let workbench: Workbench;
let files = 0;
beforeAll(async () => {
  workbench = await openWorkbench({ memoryLimitBytes: 2 ** 28, tempDir: tmpdir(), signal: never });
});
afterAll(() => workbench.close());

async function subject(lists: Lists, changes: Partial<Subject> = {}): Promise<Subject> {
  const connection = await workbench.connect();
  const path = join(workbench.folder, `lists-${++files}.parquet`);
  const rows = Object.entries(lists).flatMap(([user, list]) =>
    list.map(([product, score], at) => `('${user}', '${product}', ${score}::DOUBLE, ${at + 1})`),
  );
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE rows (userId VARCHAR, productId VARCHAR, score DOUBLE, position INTEGER);
     ${rows.length === 0 ? '' : `INSERT INTO rows VALUES ${rows.join(', ')};`}
     COPY rows TO '${path}' (FORMAT parquet)`,
  );
  connection.closeSync();
  const users = Object.keys(lists).length;
  return { path, users, contentHash: String(files), generatedAt: '', generatedAtFrom: null, ...changes };
}

async function measured(candidate: Subject, live: Subject | null): Promise<Measurements> {
  const connection = await workbench.connect();
  try {
    return await measure(connection, {
      candidate: { ...candidate, popular: [['a', 1]] },
      live: live ?? { kind: 'none', why: 'nothing is live' },
      hasCatalogue: false,
      signal: never,
    });
  } finally {
    connection.closeSync();
  }
}

async function compared(candidate: Lists, live: Lists) {
  const { candidate: of, baseline } = await measured(await subject(candidate), await subject(live));
  if (of.kind !== 'measured' || baseline.kind !== 'measured') throw new Error('not measured');
  return { ...of, ...baseline };
}

const five = (...products: string[]) => products.map((product, at) => [product, 1 - at / 10] as const);

describe('measuring', () => {
  it('counts what a version is made of', async () => {
    const lists: Lists = {
      anna: five('a', 'b', 'c', 'd', 'e', 'f'),
      bert: five('a', 'b', 'c', 'd', 'e'),
      carl: [
        ['a', 0.5],
        ['g', 0.5],
      ],
      dora: five('b', 'a', 'c', 'd', 'e'),
    };
    const { candidate } = await measured(await subject(lists), null);
    expect(candidate).toEqual({
      kind: 'measured',
      measures: {
        ...{ users: 4, rows: 18, popularProducts: 1, unknownShare: null, unknownProducts: [] },
        // carl alone has two; f is no first-five place; a has four of the seventeen.
        ...{ shortShare: 0.25, flatShare: 0.25, invalidScores: 0, distinctScores: 6, medianScore: 0.7 },
        ...{ products: 6, topProductShare: 4 / 17, sameListShare: 1 / 3 },
        // Counts 1, 3, 3, 3, 3, 4: 2 · 73 / (6 · 17) − 7/6.
        gini: expect.closeTo((2 * (1 + 6 + 9 + 12 + 15 + 24)) / (6 * 17) - 7 / 6, 9) as number,
      },
    });
  });

  it('counts scores that are no numbers', async () => {
    const lists = {
      anna: [
        ['a', "'NaN'"],
        ['b', "'-Infinity'"],
        ['c', 'NULL'],
        ['d', 0.2],
      ],
    } as unknown as Lists;
    const { candidate } = await measured(await subject(lists), null);
    expect(candidate).toMatchObject({ measures: { invalidScores: 3, distinctScores: 1, medianScore: 0.2 } });
  });

  it('tells a changed order from a changed list', async () => {
    const live = { anna: five('a', 'b', 'c', 'd', 'e'), bert: five('a', 'b', 'c', 'd', 'e') };
    const turned = { anna: five('e', 'd', 'c', 'b', 'a'), bert: five('a', 'b', 'c', 'd', 'e') };
    const { comparison } = await compared(turned, live);
    expect(comparison).toMatchObject({ overlap: 1, allChangedShare: 0, lostShare: 0 });
    expect(comparison.rankBiasedOverlap).toBeLessThan(0.8);
    const other = await compared({ ...live, anna: five('v', 'w', 'x', 'y', 'z') }, live);
    expect(other.comparison).toMatchObject({ overlap: 0.5, allChangedShare: 0.5 });
    expect(other.comparison.rankBiasedOverlap).toBeCloseTo(0.5, 9);
  });

  it('says that nothing stays where no user is common', async () => {
    const { comparison } = await compared({ anna: five('a') }, { bert: five('a') });
    expect(comparison).toMatchObject({
      ...{ commonUsers: 0, lostShare: 1, overlap: 0, rankBiasedOverlap: 0, allChangedShare: 1 },
    });
  });

  it('puts scores between the live version’s deciles, each in one bin', async () => {
    const scores = (factor: number): Lists =>
      Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`u${at}`, [['a', (at + 1) * factor]]]));
    const { comparison } = await compared(scores(0.5), scores(1));
    expect(comparison.scoreBins.live).toEqual(Array.from({ length: 10 }, () => 0.1));
    expect(comparison.scoreBins.candidate).toEqual([...Array.from({ length: 5 }, () => 0.2), 0, 0, 0, 0, 0]);
  });

  const list = fc.uniqueArray(fc.constantFrom(...'abcdefgh'), { minLength: 1, maxLength: 7 });
  const lists = fc.dictionary(fc.constantFrom('u1', 'u2', 'u3', 'u4'), list, {
    minKeys: 1,
    noNullPrototype: true,
  });

  it('agrees with a second opinion that compares lists in plain words', async () => {
    await fc.assert(
      fc.asyncProperty(lists, lists, async (candidate, live) => {
        const withScores = (each: Record<string, string[]>) =>
          Object.fromEntries(Object.entries(each).map(([user, products]) => [user, five(...products)]));
        const { comparison } = await compared(withScores(candidate), withScores(live));
        const common = Object.keys(live).filter((user) => user in candidate);
        const kept = common.map((user) => {
          const [now, then] = [candidate[user]!.slice(0, 5), live[user]!.slice(0, 5)];
          return now.filter((product) => then.includes(product)).length / Math.max(now.length, then.length);
        });
        const mean = kept.reduce((a, b) => a + b, 0) / (kept.length || 1);
        expect(comparison.overlap).toBeCloseTo(mean, 9);
        const biased = common.map((user) =>
          rankBiasedOverlap(candidate[user]!.slice(0, 5), live[user]!.slice(0, 5)),
        );
        const meanBiased = biased.reduce((a, b) => a + b, 0) / (biased.length || 1);
        expect(comparison.rankBiasedOverlap).toBeCloseTo(meanBiased, 9);
        expect(comparison.commonUsers).toBe(common.length);
        expect(comparison.lostShare).toBeCloseTo(1 - common.length / Object.keys(live).length, 9);
        if (kept.length > 0) {
          expect(comparison.allChangedShare).toBeCloseTo(kept.filter((k) => k === 0).length / kept.length, 9);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('is unreadable without a file, for one that is none, without rows, or with other users than were loaded', async () => {
    const fine = await subject({ anna: five('a') });
    const broken = join(workbench.folder, 'broken.parquet');
    await writeFile(broken, 'PAR1 and then nothing');
    const bad: readonly (readonly [Subject, string])[] = [
      [{ ...fine, path: null }, 'the archive has no predictions.parquet'],
      [{ ...fine, path: broken }, 'cannot be measured'],
      [await subject({}), 'it has no rows'],
      [{ ...fine, users: 2 }, 'has 1 users, its table was loaded with 2'],
    ];
    for (const [unreadable, why] of bad) {
      expect(await measured(fine, unreadable)).toMatchObject({
        candidate: { kind: 'measured' },
        baseline: { kind: 'unreadable', why: expect.stringContaining(why) as string },
      });
      expect(await measured(unreadable, fine)).toMatchObject({
        candidate: { kind: 'unreadable', why: expect.stringContaining(why) as string },
        baseline: { kind: 'unreadable' },
      });
    }
  });

  it('compares ages only where both versions’ rows say when they were made', async () => {
    const of = (generatedAt: string, generatedAtFrom: Subject['generatedAtFrom']) =>
      subject({ anna: five('a') }, { generatedAt, generatedAtFrom });
    const older = async (from: Subject['generatedAtFrom']) => {
      const { baseline } = await measured(
        await of('2026-11-20T00:00:00Z', 'rows'),
        await of('2026-11-21T00:00:00Z', from),
      );
      return baseline.kind === 'measured' ? baseline.comparison.olderSeconds : undefined;
    };
    expect(await older('rows')).toBe(86_400);
    expect(await older('file')).toBeNull();
    expect(await older(null)).toBeNull();
  });
});
