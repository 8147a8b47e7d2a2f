import { beforeEach, describe, expect, it } from 'vitest';
import {
  HeldError,
  NotFoundError,
  PointerRejectedError,
  QuarantinedError,
  UnreachableError,
} from '../../src/domain/errors.ts';
import { load } from '../../src/publishing/load.ts';
import type { ProgressEvent } from '../../src/publishing/progress.ts';
import { publish } from '../../src/publishing/publish.ts';
import { rollback } from '../../src/publishing/rollback.ts';
import { status } from '../../src/publishing/status.ts';
import { never } from './fixtures.ts';
import { useHome } from './use-home.ts';

const home = useHome();
const { live, loadDay, publishDay, activateVersion, goBack, letGo, blockIds, placement } = home;

describe('a bare table name, written by hand', () => {
  let versions: string[];
  beforeEach(async () => {
    versions = [await publishDay(0), await publishDay(1)];
    await blockIds('product-1');
    home.publisher.pointers.put(placement, `topshelf-home-${versions[0]}\n`);
  });

  it('counts as a hold', async () => {
    await expect(activateVersion(await loadDay(2))).rejects.toThrow('written by hand');
    await expect(publishDay(2)).rejects.toBeInstanceOf(HeldError);
  });

  it('does not keep a product from being blocked: it becomes a pointer, and the hold stays', async () => {
    await blockIds('product-2');
    expect(await live()).toMatchObject({
      version: versions[0],
      epoch: 4,
      blocked: ['product-1', 'product-2'],
      hold: { by: 'by hand' },
    });
    await expect(activateVersion(await loadDay(2))).rejects.toBeInstanceOf(HeldError);
  });

  it('becomes a pointer when released, one epoch above all records, and keeps what was blocked', async () => {
    expect(await letGo()).toMatchObject({ version: versions[0], epoch: 4, changed: true });
    expect(await live()).toMatchObject({ version: versions[0], hold: null, blocked: ['product-1'] });
    expect(await activateVersion(await loadDay(2))).toMatchObject({ epoch: 5 });
  });

  it('of an older version is no step forward: a rollback after it goes further back, not to what was left', async () => {
    await letGo();
    const third = await publishDay(2);
    home.publisher.pointers.put(placement, `topshelf-home-${versions[1]}`);
    await letGo();
    expect(await goBack()).toMatchObject({ version: versions[0], left: versions[1] });
    home.publisher.pointers.put(placement, `topshelf-home-${third}`);
    await letGo();
    expect(await goBack()).toMatchObject({ version: versions[0], left: third });
  });

  it('of a table without seal cannot be released, but rolled back', async () => {
    await home.publisher.tables.create('foreign-table', never);
    home.publisher.pointers.put(placement, 'foreign-table');
    await expect(letGo()).rejects.toThrow('has no seal of home');
    expect(await goBack()).toMatchObject({ version: versions[1], left: null, epoch: 4 });
    expect(await live()).toMatchObject({
      hold: { reason: 'bad answers' },
      quarantined: [],
      blocked: ['product-1'],
    });
  });

  it('of a table that is not there, where nothing was ever recorded, has a way out that works', async () => {
    home.publisher.pointers.put('cart', 'topshelf-cart-typo');
    const back = rollback(home.publisher, { placement: 'cart', reason: 'a typo' }, never);
    await expect(back).rejects.toThrow('or delete the pointer and activate a version');
    const request = { ...home.request(0), placement: 'cart' };
    await expect(publish(home.publisher, request, () => undefined, never)).rejects.toBeInstanceOf(HeldError);
    home.publisher.pointers.remove('cart');
    const { activated } = await publish(home.publisher, request, () => undefined, never);
    expect(activated).toMatchObject({ epoch: 1, changed: true });
  });

  it('of a sealed table is quarantined by a rollback', async () => {
    const third = await loadDay(2);
    home.publisher.pointers.put(placement, `topshelf-home-${third}`);
    expect(await goBack()).toMatchObject({ version: versions[1], left: third, epoch: 4 });
    expect((await live()).quarantined).toMatchObject([{ version: third }]);
  });
});

describe('a pointer that is gone', () => {
  let versions: string[];
  beforeEach(async () => {
    versions = [await publishDay(0), await publishDay(1)];
    await blockIds('product-1');
    home.publisher.pointers.remove(placement);
  });

  it('is told from one that never was, with its last record', async () => {
    const [gone] = await status(home.publisher, { placement }, never);
    expect(gone).toMatchObject({ pointer: 'absent', problem: null });
    expect(gone?.lastRecorded).toMatchObject({ epoch: 3, action: 'block', version: versions[1] });
    await load(home.publisher, { ...home.request(0), placement: 'other' }, () => undefined, never);
    const [other] = await status(home.publisher, { placement: 'other' }, never);
    expect(other).toMatchObject({ pointer: 'absent', problem: null, lastRecorded: null });
  });

  it('is among all placements, though the pointer store does not list it any more', async () => {
    await publish(home.publisher, { ...home.request(0), placement: 'cart' }, () => undefined, never);
    await load(home.publisher, { ...home.request(0), placement: 'never_live' }, () => undefined, never);
    const all = await status(home.publisher, {}, never);
    expect(all.map(({ placement: name, pointer }) => [name, pointer])).toEqual([
      ['cart', 'pointer'],
      [placement, 'absent'],
    ]);
    expect(all[1]?.lastRecorded).toMatchObject({ epoch: 3 });
  });

  it('may be missing among all placements where the archive is away, too, which is said', async () => {
    await publish(home.publisher, { ...home.request(0), placement: 'cart' }, () => undefined, never);
    home.publisher.archive.listFolders = () => Promise.reject(new UnreachableError('the archive is away'));
    const said: ProgressEvent[] = [];
    const all = await status(home.publisher, {}, never, (event) => said.push(event));
    expect(all.map(({ placement: name }) => name)).toEqual(['cart']);
    expect(said).toEqual([
      {
        kind: 'warning',
        message: 'placements whose pointer is gone are not listed: the archive is away',
      },
    ]);
  });

  it('does not keep status from answering where the archive is away, too', async () => {
    home.publisher.archive.list = () => Promise.reject(new UnreachableError('the archive is away'));
    const [gone] = await status(home.publisher, { placement }, never);
    expect(gone).toMatchObject({ pointer: 'absent', lastRecorded: null });
    expect(gone?.problem).toContain('the archive is away');
  });

  it.each([
    ['rollback', () => goBack()],
    ['block', () => blockIds('product-2')],
  ])('makes %s name the release that brings it back, after which it works', async (_, command) => {
    await expect(command()).rejects.toThrow(
      /is gone; epoch 3 was its last.*"topshelf release --placement home"/,
    );
    expect(await letGo()).toMatchObject({ version: versions[1], epoch: 4 });
    expect((await live()).blocked).toEqual(['product-1']);
    expect(await command()).toMatchObject({ changed: true, epoch: 5 });
  });
});

describe('a pointer that cannot be read', () => {
  it('is replaced by an activation, which says so and keeps quarantine and blocked list', async () => {
    await publishDay(0);
    const bad = await publishDay(1);
    await goBack();
    await letGo();
    await blockIds('product-1');
    home.publisher.pointers.put(placement, '{ "oops": ');
    await expect(activateVersion(bad)).rejects.toBeInstanceOf(QuarantinedError);
    const result = await activateVersion(await loadDay(2));
    expect(result).toMatchObject({ epoch: 6, changed: true });
    expect(result.warnings[0]).toContain('could not be read');
    expect(await live()).toMatchObject({ blocked: ['product-1'], quarantined: [{ version: bad }] });
  });

  it('does not end a hold; a release brings back the recorded version', async () => {
    const first = await publishDay(0);
    await publishDay(1);
    await goBack();
    home.publisher.pointers.put(placement, Buffer.from([0xff]));
    await expect(activateVersion(await loadDay(2))).rejects.toBeInstanceOf(HeldError);
    await expect(goBack()).rejects.toBeInstanceOf(PointerRejectedError);
    await expect(blockIds('p')).rejects.toBeInstanceOf(PointerRejectedError);
    expect(await letGo()).toMatchObject({ version: first, epoch: 4 });
    expect((await live()).hold).toBeNull();
  });

  it('has nothing to come back from where nothing was ever recorded', async () => {
    home.publisher.pointers.put(placement, '{');
    await expect(letGo()).rejects.toBeInstanceOf(PointerRejectedError);
    home.publisher.pointers.remove(placement);
    await expect(letGo()).rejects.toBeInstanceOf(NotFoundError);
  });
});
