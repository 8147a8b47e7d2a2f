import { PassThrough } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createProgress } from '../../src/cli/progress.ts';

function createTerminal() {
  let shown = '';
  const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 200 });
  stream.on('data', (data: Buffer) => (shown += data.toString()));
  return { stream, shown: () => shown };
}

describe('progress', () => {
  it('is a bar on a terminal, with users, rate and time left; what was there before is no part of the rate', async () => {
    const { stream, shown } = createTerminal();
    const progress = createProgress(stream);
    progress.on({ kind: 'written', users: 50_000, of: 100_000 });
    await delay(400);
    progress.on({ kind: 'written', users: 50_100, of: 100_000 });
    progress.end();
    expect(shown()).toMatch(/50100\/100000 users, \d+ users\/s, \S+ left/);
    const rates = [...shown().matchAll(/ (\d+) users\/s/g)].map(([, rate]) => Number(rate));
    expect(rates.at(-1)).toBeGreaterThan(20);
    expect(rates.at(-1)).toBeLessThan(300);
  });

  it('is now and then a line elsewhere, the last one always', () => {
    let shown = '';
    const progress = createProgress({ write: (text) => (shown += text) });
    for (let users = 0; users <= 1_000; users += 100) progress.on({ kind: 'written', users, of: 1_000 });
    progress.end();
    expect(shown).toBe('written 0 of 1000 users (0 %)\nwritten 1000 of 1000 users (100 %)\n');
  });
});
