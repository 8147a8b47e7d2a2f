import { describe, expect, it } from 'vitest';
import { NotFoundError, UsageError } from '../../src/domain/errors.ts';
import { tableName } from '../../src/domain/version.ts';
import { explain } from '../../src/publishing/explain.ts';
import { load } from '../../src/publishing/load.ts';
import { putLive } from '../support/contender.ts';
import { csv, never } from './fixtures.ts';
import { useHome } from './use-home.ts';

const home = useHome();
const { placement, blockIds, goBack } = home;
const tableOf = (version: string) => tableName('topshelf', placement, version);
const explained = (userId = 'anna', count = 4) =>
  explain(home.publisher, { placement, userId, count }, never);

/** Loads these rankings and makes them live; returns the version. */
async function goLive(rankings: Record<string, string>): Promise<string> {
  const rows = Object.entries(rankings).flatMap(([user, products]) =>
    [...products].map((product, at) => [user, product, 1 - at / 100]),
  );
  const paths = [await home.folder.file(csv(rows))];
  const { table, seal } = await load(home.publisher, { placement, paths }, () => undefined, never);
  await putLive(home.publisher, { table, seal }, never);
  home.publisher.advance(1000);
  return seal.version;
}

describe('explain', () => {
  it('shows what each version gives a user, with the change of ranks since the version before', async () => {
    const first = await goLive({ anna: 'abcdef', bert: 'xyz' });
    const second = await goLive({ anna: 'bacdeg', bert: 'xyz' });
    const { versions, live, answer } = await explained();
    expect(live).toBe(second);
    expect(
      versions.map(({ version, state, from, comparedWith }) => [version, state, from, comparedWith]),
    ).toEqual([
      [second, 'live', 'table', first],
      [first, 'sealed', 'table', null],
    ]);
    const changes = versions[0]?.products?.map(({ productId, rank, rankBefore }) => [
      productId,
      rank,
      rankBefore,
    ]);
    expect(changes).toEqual([
      ['b', 1, 2],
      ['a', 2, 1],
      ['c', 3, 3],
      ['d', 4, 4],
      ['e', 5, 5],
      ['g', 6, null],
    ]);
    expect(versions[0]?.dropped).toEqual(['f']);
    expect(answer).toEqual({ source: 'personalized', productIds: ['b', 'a', 'c', 'd', 'e'] });
  });

  it('marks blocked products, and gives the answer without them', async () => {
    await goLive({ anna: 'abcdef' });
    await blockIds('b');
    const { versions, answer } = await explained();
    expect(answer?.productIds).toEqual(['a', 'c', 'd', 'e', 'f']);
    expect(versions[0]?.products?.map(({ isBlocked, answerPlace }) => [isBlocked, answerPlace])).toEqual([
      [false, 1],
      [true, null],
      [false, 2],
      [false, 3],
      [false, 4],
      [false, 5],
    ]);
  });

  it('takes the archive’s word where the table is gone', async () => {
    const first = await goLive({ anna: 'fedcba' });
    await goLive({ anna: 'abcdef' });
    const before = await explained();
    await home.publisher.tables.delete(tableOf(first), never);
    const after = await explained();
    expect(after.versions[1]).toEqual({ ...before.versions[1], state: 'pruned', from: 'archive' });
    expect(after.versions[0]).toEqual(before.versions[0]);
  });

  it('says so where a version has nothing for the user, and what is answered then', async () => {
    await goLive({ anna: 'abcdefg', bert: 'abcdefg' });
    await goLive({ bert: 'abcdefg' });
    await blockIds('c');
    const { versions, answer } = await explained();
    expect(versions.map(({ products }) => products?.length ?? null)).toEqual([null, 7]);
    expect(answer).toEqual({ source: 'popular', productIds: ['a', 'b', 'd', 'e'] });
  });

  it('looks at the newest versions, and at what is live however old it is', async () => {
    const first = await goLive({ anna: 'abcde' });
    const second = await goLive({ anna: 'bcdea' });
    const third = await goLive({ anna: 'cdeab' });
    await goBack();
    await goBack();
    const { versions, live } = await explained('anna', 1);
    expect(versions.map(({ version, state }) => [version, state])).toEqual([
      [third, 'quarantined'],
      [first, 'live'],
    ]);
    expect(live).toBe(first);
    expect((await explained('anna', 2)).versions.map(({ version }) => version)).toEqual([
      third,
      second,
      first,
    ]);
  });

  it('passes over tables whose load has not ended, and knows nothing of an empty placement', async () => {
    await expect(explained()).rejects.toBeInstanceOf(NotFoundError);
    await home.publisher.tables.create(tableOf('20261121T000000Z-00000a'), never);
    expect(await explained()).toMatchObject({ versions: [], live: null, answer: null });
  });

  it('refuses what is no user id', async () => {
    await expect(explained('#seal')).rejects.toBeInstanceOf(UsageError);
  });
});
