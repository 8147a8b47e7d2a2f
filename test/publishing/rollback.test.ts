import { beforeEach, describe, expect, it } from 'vitest';
import {
  HeldError,
  NotFoundError,
  QuarantinedError,
  UnreachableError,
  UsageError,
} from '../../src/domain/errors.ts';
import { createMemoryArchive } from '../../src/archive/memory.ts';
import { activate } from '../../src/publishing/activate.ts';
import { rollback } from '../../src/publishing/rollback.ts';
import { never } from './fixtures.ts';
import { useHome } from './use-home.ts';

const home = useHome();
const { live, records, loadDay, publishDay, activateVersion, goBack, letGo, blockIds } = home;

describe('rollback', () => {
  it('goes to the version before, quarantines what it leaves, and takes a hold', async () => {
    const first = await publishDay(0);
    const second = await publishDay(1);
    expect(await goBack()).toMatchObject({ version: first, left: second, epoch: 3, changed: true });
    const pointer = await live();
    expect(pointer).toMatchObject({ version: first, hold: { by: 'ada@shop', reason: 'bad answers' } });
    expect(pointer.quarantined).toMatchObject([{ version: second }]);
    expect((await records())[0]).toMatchObject({ epoch: 3, action: 'rollback', version: first });
  });

  it('after a rollback goes further back, never forward, until there is nothing left', async () => {
    const versions = [await publishDay(0), await publishDay(1), await publishDay(2), await publishDay(3)];
    for (const expected of [versions[2], versions[1], versions[0]])
      expect((await goBack()).version).toBe(expected);
    await expect(goBack()).rejects.toBeInstanceOf(NotFoundError);
    expect((await live()).version).toBe(versions[0]);
  });

  it('never goes forward to what it jumped over', async () => {
    const [first, second, third] = [await publishDay(0), await publishDay(1), await publishDay(2)];
    expect((await goBack(first)).version).toBe(first);
    expect((await live()).quarantined.map(({ version }) => version)).toEqual([third]);
    await expect(goBack()).rejects.toThrow('nothing was live before');
    await expect(goBack(second)).rejects.toThrow(
      `version ${second} is none to roll back to for home: it was not live before ${first}`,
    );
    for (const other of ['nope', '20200101T000000Z-abcdef'])
      await expect(goBack(other)).rejects.toThrow(
        `version ${other} is none to roll back to for home: there is no such version`,
      );
  });

  it('says that the archive has no records, and not that nothing was live, where there were epochs', async () => {
    await publishDay(0);
    await publishDay(1);
    const emptied = { ...home.publisher, archive: createMemoryArchive() };
    const attempt = rollback(emptied, { placement: home.placement, reason: 'bad answers' }, never);
    await expect(attempt).rejects.toBeInstanceOf(UnreachableError);
    await expect(attempt).rejects.toThrow('the archive has no record of the 2 epochs of home');
  });

  it('says that nothing was live before the first epoch', async () => {
    await publishDay(0);
    await expect(goBack()).rejects.toThrow('nothing was live before');
    const emptied = { ...home.publisher, archive: createMemoryArchive() };
    const attempt = rollback(emptied, { placement: home.placement, reason: 'bad answers' }, never);
    await expect(attempt).rejects.toThrow('nothing was live before');
  });

  it('goes on from a version that came after the release', async () => {
    const first = await publishDay(0);
    await publishDay(1);
    await goBack();
    await letGo();
    await publishDay(2);
    expect((await goBack()).version).toBe(first);
  });

  it('is not led astray by blocks and releases between', async () => {
    const first = await publishDay(0);
    await publishDay(1);
    await blockIds('product-1');
    expect((await goBack()).version).toBe(first);
    expect((await live()).blocked).toEqual(['product-1']);
    await blockIds('product-2');
    await letGo();
    await expect(goBack()).rejects.toThrow('nothing was live before');
  });

  it('passes over tables that are gone, and the content it leaves under another id', async () => {
    const first = await publishDay(0);
    const gone = await publishDay(1);
    await publishDay(2);
    const sameContent = await publishDay(2, 'the same content on purpose');
    await home.publisher.tables.delete(`topshelf-home-${gone}`, never);
    expect(await goBack()).toMatchObject({ version: first, left: sameContent });
  });

  it('explains why there is nothing to go to', async () => {
    const first = await publishDay(0);
    await publishDay(1);
    await home.publisher.tables.delete(`topshelf-home-${first}`, never);
    await expect(goBack()).rejects.toThrow(
      `${first} is not there or not sealed (table topshelf-home-${first})`,
    );
    expect((await live()).epoch).toBe(2);
  });

  it('has nowhere to go without a pointer, or from the first version', async () => {
    await expect(goBack()).rejects.toThrow('nothing is live');
    await publishDay(0);
    await expect(goBack()).rejects.toThrow('nothing was live before');
  });

  it('does not guess where a record is lost', async () => {
    await publishDay(0);
    await publishDay(1);
    const get = home.publisher.archive.get.bind(home.publisher.archive);
    home.publisher.archive.get = async (key) =>
      key.endsWith('activations/1.json') ? Buffer.from('{') : get(key, never);
    await expect(goBack()).rejects.toBeInstanceOf(UnreachableError);
  });
});

describe('a hold', () => {
  beforeEach(async () => {
    await publishDay(0);
    await publishDay(1);
    await goBack();
  });

  it('stops activations, saying who holds them since when and why', async () => {
    const version = await loadDay(2);
    const attempt = activateVersion(version);
    await expect(attempt).rejects.toBeInstanceOf(HeldError);
    await expect(attempt).rejects.toThrow(
      /held by ada@shop since 2026-11-21T03:\d\d:\d\d\.\d{3}Z: bad answers/,
    );
  });

  it('ends with a release, which changes nothing else', async () => {
    const before = await live();
    expect(await letGo()).toMatchObject({ version: before.version, epoch: 4, changed: true });
    expect(await live()).toMatchObject({
      hold: null,
      quarantined: before.quarantined,
      version: before.version,
    });
    expect(await letGo()).toMatchObject({ epoch: 4, changed: false });
    expect(await activateVersion(await loadDay(2))).toMatchObject({ epoch: 5 });
  });

  it('lets products be blocked', async () => {
    expect(await blockIds('product-3')).toMatchObject({ changed: true, blocked: ['product-3'] });
    expect((await live()).hold).not.toBeNull();
  });
});

describe('a quarantine', () => {
  it('keeps a version out, and its content under any other id', async () => {
    await publishDay(0);
    const bad = await publishDay(1);
    await goBack();
    await letGo();
    await expect(activateVersion(bad)).rejects.toBeInstanceOf(QuarantinedError);
    const sameContent = await loadDay(1);
    await expect(activateVersion(sameContent)).rejects.toThrow(
      `(that of ${bad}) was quarantined by ada@shop`,
    );
    expect((await live()).epoch).toBe(4);
  });

  describe('ends by an explicit word', () => {
    const bringBack = (version: string, fromQuarantine?: string) =>
      activate(
        home.publisher,
        { placement: home.placement, version, reason: 'by hand', fromQuarantine },
        never,
      );

    it('which takes the version and its content off the list, and is kept in pointer and record', async () => {
      await publishDay(0);
      const bad = await publishDay(1);
      await goBack();
      await letGo();
      await expect(activateVersion(bad)).rejects.toThrow('--from-quarantine "why"');
      await bringBack(bad, 'it was the catalogue');
      expect(await live()).toMatchObject({
        version: bad,
        quarantined: [],
        reason: 'by hand; out of quarantine: it was the catalogue',
      });
      const [record] = await records();
      expect(record?.quarantined).toEqual([]);
      expect(record?.reason).toContain('it was the catalogue');
    });

    it('which frees the content under its other ids, and no other entry', async () => {
      await publishDay(0);
      const [one, other] = [await publishDay(1), await publishDay(2)];
      await goBack();
      await goBack();
      await letGo();
      expect((await live()).quarantined.map(({ version }) => version)).toEqual([one, other]);
      const sameContent = await loadDay(1);
      await bringBack(sameContent, 'it was the catalogue');
      expect((await live()).quarantined.map(({ version }) => version)).toEqual([other]);
    });

    it('which ends no hold', async () => {
      await publishDay(0);
      const bad = await publishDay(1);
      await goBack();
      await expect(bringBack(bad, 'it was the catalogue')).rejects.toBeInstanceOf(HeldError);
    });

    it('which is refused where it is empty, or where nothing is quarantined', async () => {
      await publishDay(0);
      const bad = await publishDay(1);
      const good = await loadDay(2);
      await goBack();
      await letGo();
      await expect(bringBack(bad, ' ')).rejects.toBeInstanceOf(UsageError);
      await expect(bringBack(good, 'because')).rejects.toThrow('is not quarantined');
      expect((await live()).epoch).toBe(4);
    });
  });
});
