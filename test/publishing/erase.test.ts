import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LostRaceError, NotFoundError, StoreError, UsageError } from '../../src/domain/errors.ts';
import { tableName } from '../../src/domain/version.ts';
import { predictionsKey } from '../../src/publishing/archive-keys.ts';
import { archivedVersions, openArchivedUsers } from '../../src/publishing/archived-user.ts';
import { hashedUser, isAbout, type ErasureRecord } from '../../src/publishing/erasure-record.ts';
import { erase } from '../../src/publishing/erase.ts';
import { openWorkbench } from '../../src/publishing/input/duckdb.ts';
import { load } from '../../src/publishing/load.ts';
import { predictionsIn } from '../support/parquet-predictions.ts';
import { batch, csv, never } from './fixtures.ts';
import { useHome } from './use-home.ts';

const home = useHome();
const { publishDay, loadDay, activateVersion, live, placement } = home;
const USER = 'user-3';
const tableOf = (version: string) => tableName('topshelf', placement, version);
const eraseUser = (userId = USER, only: string | undefined = placement) =>
  erase(home.publisher, { userId, placement: only, reason: 'asked to be forgotten' }, never);

/** The user's items in the archive, as `explain` reads them. */
async function archivedItems(version: string, userId = USER) {
  const archived = await openArchivedUsers(home.publisher, never);
  return archived.itemsOf(placement, version, userId).finally(() => archived.close());
}

async function textOf(key: string): Promise<string> {
  return Buffer.from((await home.publisher.archive.get(key, never)) ?? '').toString();
}

describe('erase', () => {
  it('takes the user out of every table and archived file, and nobody else', async () => {
    const [first, second] = [await publishDay(0), await loadDay(1)];
    await home.publisher.tables.delete(tableOf(first), never);
    const before = await home.publisher.tables.readBack(tableOf(second), ['user-2', USER], never);
    expect(before.size).toBe(2);
    expect(await archivedItems(second)).toBe(before.get(USER));

    const [erased] = await eraseUser();
    expect(erased?.foundIn).toEqual([
      { version: second, table: tableOf(second), archive: true },
      { version: first, table: null, archive: true },
    ]);
    expect(erased?.readBack).toEqual({ tables: 1, archives: 2, foundAgain: 0 });
    expect(erased?.warnings).toEqual([]);
    const after = await home.publisher.tables.readBack(tableOf(second), ['user-2', USER], never);
    expect([...after]).toEqual([['user-2', before.get('user-2')]]);
    for (const version of [first, second]) {
      expect(await archivedItems(version)).toBeNull();
      expect(await archivedItems(version, 'user-2')).not.toBeNull();
    }
  });

  it('keeps every other row of the archived file as it was, in its order', async () => {
    const version = await loadDay(0);
    const predictions = async () => {
      const workbench = await openWorkbench({ ...home.publisher, signal: never });
      const path = join(workbench.folder, 'copy.parquet');
      await home.publisher.archive.getFile(predictionsKey(placement, version), path, never);
      const all = await predictionsIn(await workbench.connect(), path);
      await workbench.close();
      return all;
    };
    const before = await predictions();
    await eraseUser();
    expect(await predictions()).toEqual(before.filter(({ userId }) => userId !== USER));
    expect(before.some(({ userId }) => userId === USER)).toBe(true);
  });

  it('records what it did without the id, so that only who knows the id can tell whom it is about', async () => {
    const version = await publishDay(0);
    const [erased] = await eraseUser();
    const text = await textOf(erased?.record ?? '');
    expect(text).not.toContain(USER);
    const record = JSON.parse(text) as ErasureRecord;
    expect(record).toMatchObject({
      ...{ placement, by: 'ada@shop', reason: 'asked to be forgotten' },
      foundIn: [{ version, table: tableOf(version), archive: true }],
      readBack: { tables: 1, archives: 1, foundAgain: 0 },
    });
    expect(record.note).toContain('describe what was loaded');
    expect(isAbout(record, USER)).toBe(true);
    expect(isAbout(record, 'user-4')).toBe(false);
    expect(hashedUser(USER).hash).not.toBe(hashedUser(USER).hash);
  });

  it('is a success, and recorded, where the user is nowhere', async () => {
    await publishDay(0);
    expect(await eraseUser('nobody')).toMatchObject([{ foundIn: [], readBack: { tables: 1, archives: 1 } }]);
    await eraseUser();
    expect((await eraseUser())[0]?.foundIn).toEqual([]);
    expect(await home.publisher.archive.list('home/erasures/', never)).toHaveLength(3);
  });

  it('keeps out the user that another erasure takes out of the same file meanwhile', async () => {
    const version = await publishDay(0);
    const { archive } = home.publisher;
    const replaceForErasure = archive.replaceForErasure.bind(archive);
    archive.replaceForErasure = async (...request) => {
      archive.replaceForErasure = replaceForErasure;
      expect(await eraseUser('user-4')).toMatchObject([{ foundIn: [{ version, archive: true }] }]);
      return replaceForErasure(...request);
    };
    expect(await eraseUser()).toMatchObject([{ foundIn: [{ version, archive: true }] }]);
    expect(await archivedItems(version, 'user-4')).toBeNull();
    expect(await archivedItems(version)).toBeNull();
    expect(await archivedItems(version, 'user-2')).not.toBeNull();
  });

  it('gives up on a file that others never stop replacing, and says what to do', async () => {
    await publishDay(0);
    home.publisher.archive.replaceForErasure = async (key) => {
      throw new LostRaceError(`${key} is not what was copied any more; erase again`);
    };
    await expect(eraseUser()).rejects.toBeInstanceOf(LostRaceError);
    expect(await home.publisher.archive.list('home/erasures/', never)).toEqual([]);
  });

  it('covers every placement unless one is given', async () => {
    const paths = [await home.folder.file(batch(8, 7))];
    await publishDay(0);
    await load(home.publisher, { placement: 'cart', paths }, () => undefined, never);
    expect(
      (await erase(home.publisher, { userId: USER, reason: 'asked' }, never)).map((each) => each.placement),
    ).toEqual(['cart', 'home']);
    await expect(eraseUser(USER, 'hoem')).rejects.toBeInstanceOf(NotFoundError);
    await expect(eraseUser(USER, 'hoem')).rejects.toThrow('there are: cart, home');
  });

  it('writes no epoch', async () => {
    await publishDay(0);
    await eraseUser();
    expect((await live()).epoch).toBe(1);
  });

  it('warns of a table whose load may be under way, and of a record that names the user', async () => {
    const version = await publishDay(0);
    await home.publisher.tables.create(tableOf('20261121T000000Z-00000a'), never);
    const report = `${placement}/versions/${version}/rejects.json`;
    await home.publisher.archive.putOnce(
      report,
      JSON.stringify({ message: `score of "${USER}" is missing` }),
      never,
    );
    const run = `${placement}/runs/daily-0.json`;
    await home.publisher.archive.putOnce(run, JSON.stringify({ runId: USER }), never);
    const [erased] = await eraseUser();
    expect(erased?.warnings).toHaveLength(3);
    expect(erased?.warnings[0]).toContain('may write the user yet');
    expect(erased?.warnings[1]).toContain(report);
    expect(erased?.warnings[2]).toContain(run);
  });

  it.each(["o'brien", 'naïve "é" 漢字', "'; DROP TABLE kept; --", '%', '\\'])(
    'finds the user %j',
    async (userId) => {
      const rows = [0, 1, 2, 3, 4].map((at) => [userId, `p${at}`, 1 - at / 10]);
      const paths = [await home.folder.file(csv([...rows, ['other', 'p', 1]]))];
      const { version } = await load(home.publisher, { placement, paths }, () => undefined, never);
      expect(await eraseUser(userId)).toMatchObject([{ foundIn: [{ version, archive: true }] }]);
      expect(await archivedItems(version, userId)).toBeNull();
      expect(await archivedItems(version, 'other')).toBe('[["p",1]]');
    },
  );

  describe('and the gate', () => {
    const loadOf = async (seed: number) => {
      const paths = [await home.folder.file(batch(40, seed))];
      return (await load(home.publisher, { placement, paths }, () => undefined, never)).version;
    };

    it('lets the next batch follow a version that users were taken out of', async () => {
      await activateVersion(await loadOf(0));
      await eraseUser('user-1');
      await eraseUser('user-2');
      await eraseUser('nobody');
      const next = await loadOf(1);
      expect(await activateVersion(next)).toMatchObject({ version: next, changed: true });
    });

    it('lets a version go live that users were taken out of after its load', async () => {
      await activateVersion(await loadOf(0));
      const next = await loadOf(1);
      await eraseUser();
      expect(await activateVersion(next)).toMatchObject({ version: next, changed: true });
    });

    it('lets the next batch follow where the erasure was interrupted, and done again', async () => {
      await activateVersion(await loadOf(0));
      const restore = home.failPuts((key) => key.startsWith('home/erasures/'));
      await expect(eraseUser()).rejects.toThrow('the archive is away');
      restore();
      await eraseUser();
      const next = await loadOf(1);
      expect(await activateVersion(next)).toMatchObject({ version: next, changed: true });
    });
  });

  it('refuses what is no user id: the seal above all', async () => {
    const version = await publishDay(0);
    for (const userId of ['#seal', '', 'x'.repeat(200)]) {
      await expect(eraseUser(userId)).rejects.toBeInstanceOf(UsageError);
    }
    expect(await home.publisher.tables.readSeal(tableOf(version), never)).not.toBeNull();
  });

  describe('where a store does not do what it says', () => {
    it('fails instead of recording a proof', async () => {
      await publishDay(0);
      home.publisher.tables.eraseUser = async () => true;
      await expect(eraseUser()).rejects.toBeInstanceOf(StoreError);
      expect(await home.publisher.archive.list('home/erasures/', never)).toEqual([]);
    });

    it('fails where the archive still holds the user', async () => {
      await publishDay(0);
      home.publisher.archive.replaceForErasure = async () => undefined;
      await expect(eraseUser()).rejects.toThrow('still holds the user');
      expect(await home.publisher.archive.list('home/erasures/', never)).toEqual([]);
    });
  });

  it('lists archived versions, newest first, by their predictions alone', async () => {
    const [first, second] = [await loadDay(0), await loadDay(1)];
    await home.publisher.archive.putOnce(`${placement}/versions/x/manifest.json`, '{}', never);
    expect(await archivedVersions(home.publisher, placement, never)).toEqual([second, first]);
  });
});
