import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { measure } from '../../../src/publishing/check/measure.ts';
import { userRanges } from '../../../src/publishing/check/user-ranges.ts';
import { openWorkbench, type Workbench } from '../../../src/publishing/input/duckdb.ts';
import { bundledFile } from '../../support/real-data.ts';
import { never } from '../fixtures.ts';

let workbench: Workbench;
beforeAll(async () => {
  workbench = await openWorkbench({ memoryLimitBytes: 2 ** 28, tempDir: tmpdir(), signal: never });
});
afterAll(() => workbench.close());

/** A real day as predictions.parquet, in row groups so small that there are many. */
async function parquetOf(day: '2011-11-25' | '2011-12-07'): Promise<string> {
  const connection = await workbench.connect();
  const path = join(workbench.folder, `${day}.parquet`);
  await connection.run(
    `COPY (SELECT ENTITY || '''' AS userId, CLASS AS productId, SCORE::DOUBLE AS score, RANK::INTEGER AS position
           FROM read_csv('${bundledFile(day)}', header=true, all_varchar=true) ORDER BY userId, position)
     TO '${path}' (FORMAT parquet, ROW_GROUP_SIZE 2048)`,
  );
  return path;
}

it('measures the same, whether users are looked at together or range by range', async () => {
  const facts = { users: null, contentHash: '', generatedAt: '', generatedAtFrom: null };
  const live = { ...facts, path: await parquetOf('2011-11-25') };
  const candidate = { ...facts, path: await parquetOf('2011-12-07'), popular: [] };
  const measured = async (rowsPerRange: number) => {
    const connection = await workbench.connect();
    const request = { candidate, live, hasCatalogue: false, signal: never, rowsPerRange };
    const { baseline, ...rest } = await measure(connection, request);
    if (baseline.kind !== 'measured') throw new Error(JSON.stringify(baseline));
    const { overlap, rankBiasedOverlap, ...comparison } = baseline.comparison;
    // Sums of parts differ from the sum of all in their last digits.
    const rounded = [overlap, rankBiasedOverlap].map((mean) => mean.toFixed(12));
    return { ...rest, live: baseline.live, comparison, rounded };
  };
  const connection = await workbench.connect();
  expect(await userRanges(connection, live.path)).toEqual(['true']);
  const ranges = await userRanges(connection, live.path, 10_000);
  expect(ranges.length).toBeGreaterThan(5);
  expect(ranges[1]).toMatch(/^userId >= '\d+''' AND userId < '\d+'''$/);
  const together = await measured(1_000_000);
  expect(together.comparison.commonUsers).toBe(4248);
  expect(await measured(10_000)).toEqual(together);
});
