import { tmpdir } from 'node:os';
import { describe, expect, it, onTestFinished } from 'vitest';
import { UnreachableError } from '../../../src/domain/errors.ts';
import { openWorkbench } from '../../../src/publishing/input/duckdb.ts';
import { groupUsers, rankedUsers } from '../../../src/publishing/input/ranked-users.ts';
import { assertComplete } from '../../../src/publishing/input/rank-buckets.ts';

const ROWS = 2_000_000;

describe('a query that fails halfway', () => {
  it('is not taken for one that has no more rows', async () => {
    const signal = AbortSignal.timeout(60_000);
    const options = { memoryLimitBytes: 512 * 1024 * 1024, tempDir: tmpdir(), signal };
    const workbench = await openWorkbench(options);
    onTestFinished(() => workbench.close());
    const rows = `SELECT 'user-' || (i // 20) AS userId, 'product-' || (i % 20) AS productId, 0.5::DOUBLE AS score
                  FROM range(${ROWS}) rows(i)`;
    const connection = await workbench.connect();
    let seen = 0;
    try {
      const shape = { hasRank: false };
      for await (const users of rankedUsers(await groupUsers(connection, rows, shape), shape, 20)) {
        for (const user of users) seen += user.rows;
        connection.interrupt();
      }
    } catch {
      // A later release of the client may tell: that is no less safe.
    }
    expect(seen).toBeLessThan(ROWS);
    expect(() => assertComplete(seen, ROWS)).toThrow(UnreachableError);
    expect(() => assertComplete(ROWS, ROWS)).not.toThrow();
  });
});
