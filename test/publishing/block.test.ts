import { describe, expect, it } from 'vitest';
import { NotFoundError } from '../../src/domain/errors.ts';
import { block, unblock } from '../../src/publishing/block.ts';
import { never } from './fixtures.ts';
import { useHome } from './use-home.ts';

const home = useHome();
const { live, records, publishDay, blockIds, placement } = home;

describe('block and unblock', () => {
  it('change the list and nothing else, and write nothing where there is nothing to change', async () => {
    const version = await publishDay(0);
    expect(await blockIds('product-1', 'product-2')).toMatchObject({
      epoch: 2,
      blocked: ['product-1', 'product-2'],
    });
    expect(await blockIds('product-2')).toMatchObject({ epoch: 2, changed: false });
    const back = await unblock(
      home.publisher,
      { placement, productIds: ['product-1', 'x'], reason: 'ok' },
      never,
    );
    expect(back).toMatchObject({ version, epoch: 3, blocked: ['product-2'] });
    expect((await records()).map(({ action }) => action)).toEqual(['unblock', 'block', 'activate']);
  });

  it('refuse what looks like a list in one id, unless it is said to be one id; unblock takes it as it is', async () => {
    await publishDay(0);
    await expect(blockIds('a,b')).rejects.toThrow('product id "a,b" has a comma');
    expect((await live()).epoch).toBe(1);
    const request = { placement, productIds: ['a,b'], reason: 'recall' };
    expect(await block(home.publisher, { ...request, withCommas: true }, never)).toMatchObject({
      blocked: ['a,b'],
    });
    expect(await unblock(home.publisher, request, never)).toMatchObject({ changed: true, blocked: [] });
  });

  it('outlive the version', async () => {
    await publishDay(0);
    await blockIds('product-1');
    await publishDay(1);
    expect((await live()).blocked).toEqual(['product-1']);
  });

  it('refuse what is no product id, too many, and a placement without pointer', async () => {
    await expect(blockIds('p')).rejects.toBeInstanceOf(NotFoundError);
    await publishDay(0);
    await expect(blockIds('')).rejects.toThrow('product id "" is empty');
    await expect(blockIds(...Array.from({ length: 201 }, (_, at) => `p${at}`))).rejects.toThrow(
      'at most 200',
    );
  });
});
