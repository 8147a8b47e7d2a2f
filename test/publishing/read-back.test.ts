import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contentLine } from '../../src/publishing/content-hash.ts';
import { keptPredictions } from '../../src/publishing/input/kept-predictions.ts';
import { createSample } from '../../src/publishing/read-back.ts';
import { collectGarbage } from '../support/collect-garbage.ts';

const MB = 1024 * 1024;
const USERS = 40_000;
const ITEMS = `[["${'x'.repeat(1_000)}",1]]`;

describe('the sample that is read back', () => {
  let folder: string;
  const file = () => join(folder, 'kept');
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'topshelf-test-'));
    const lines = Array.from({ length: USERS }, (_, user) =>
      contentLine({ userId: String(1e6 + user), items: ITEMS }),
    );
    await writeFile(file(), lines);
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('is spread evenly over all users, and is all of them where they are few', () => {
    const pickedOf = (users: number) => {
      const sample = createSample(users);
      for (let user = 0; user < users; user += 1) sample.look({ userId: String(user), items: '[]' });
      return sample.picked.map(({ userId }) => Number(userId));
    };
    expect(pickedOf(10_000)).toEqual(Array.from({ length: 10_000 }, (_, user) => user));
    const picked = pickedOf(USERS);
    const steps = new Set(picked.slice(1).map((user, at) => user - picked[at]!));
    expect([picked.length, [...steps]]).toEqual([1_000, [USERS / 1_000]]);
  });

  it('keeps what it picked in memory, and nothing of what lay around it', async () => {
    const sample = createSample(USERS);
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    for await (const prediction of keptPredictions([file()])) sample.look(prediction);
    collectGarbage();
    const grownMb = (process.memoryUsage().heapUsed - before) / MB;
    expect(sample.picked).toHaveLength(1_000);
    // 1 MB is what was picked; the file has 40.
    expect(grownMb).toBeLessThan(10);
  });
});
