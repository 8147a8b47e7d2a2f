import { execFile } from 'node:child_process';
import { basename } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { rules, ruleFiles, ruleTestFiles } from '../support/alert-rules.ts';
import { promtoolBinary } from './servers.ts';

/** What promtool says; rejects where it finds fault. */
async function promtool(...args: readonly string[]): Promise<string> {
  return (await promisify(execFile)(promtoolBinary, args)).stdout;
}

describe('promtool', () => {
  it('finds no fault in the rules', async () => {
    const found = (await promtool('check', 'rules', ...ruleFiles)).matchAll(/SUCCESS: (\d+) rules found/g);
    expect([...found].reduce((sum, [, count]) => sum + Number(count), 0)).toBe(rules.length);
  });

  it.each(ruleTestFiles.map((path) => ({ path, name: basename(path) })))(
    'sees the alerts fire and end as tests/$name says',
    async ({ path }) => {
      expect(await promtool('test', 'rules', path)).toContain('SUCCESS');
    },
    120_000,
  );
});
