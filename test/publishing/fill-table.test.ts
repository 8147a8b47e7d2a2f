import { beforeEach, describe, expect, it } from 'vitest';
import { StoreError } from '../../src/domain/errors.ts';
import { createContentHash } from '../../src/publishing/content-hash.ts';
import { fillTable } from '../../src/publishing/fill-table.ts';
import { createPublisher, never, type TestPublisher } from './fixtures.ts';

const TABLE = 'topshelf-home-20261121T031500Z-00000a';
const run = {
  runId: undefined,
  version: '20261121T031500Z-00000a',
  table: TABLE,
  generatedAt: '2026-11-21T00:00:00Z',
  isResumed: false,
};
const users = ['a', 'b', 'c'].map((userId) => ({ userId, items: '[["p",1]]' }));
const hash = createContentHash();
users.forEach((prediction) => hash.add(prediction));
const contentHash = hash.digest();

let publisher: TestPublisher;
beforeEach(async () => {
  publisher = createPublisher();
  await publisher.tables.create(TABLE, never);
});

const fill = (written: typeof users) => {
  const batch = {
    users: users.length,
    contentHash,
    async *predictions() {
      yield* written;
    },
  };
  return fillTable(publisher.tables, run, batch, undefined, () => undefined, never);
};

describe('filling a table', () => {
  it('resolves with what is to be read back where all that was read was written', async () => {
    expect(await fill(users)).toEqual(users);
  });

  it.each([
    ['a user fewer', users.slice(1), '2 users were written'],
    ['a user more', [...users, { userId: 'd', items: '[["p",1]]' }], '4 users were written'],
    [
      'as many, one of them another',
      [...users.slice(1), { userId: 'd', items: '[]' }],
      '3 users were written',
    ],
  ])('is no success where %s came out of what was read', async (_, written, message) => {
    const error = await fill(written).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(StoreError);
    expect((error as Error).message).toContain(message);
  });
});
