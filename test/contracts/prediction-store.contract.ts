import { describe, expect, it, onTestFinished } from 'vitest';
import { StoreError, StoreTimeoutError, TableMissingError } from '../../src/domain/errors.ts';
import { SEAL_KEY, type Seal } from '../../src/domain/seal.ts';
import type { PredictionReader } from '../../src/store/prediction-reader.ts';
import type { PredictionTables } from '../../src/store/prediction-tables.ts';

export interface PredictionStoreHarness {
  readonly reader: PredictionReader;
  readonly tables: PredictionTables;
}

const soon = () => AbortSignal.timeout(20_000);
let made = 0;

export function sealOf(version: string, users: number): Seal {
  return {
    schemaVersion: 1,
    placement: 'home',
    version,
    users,
    contentHash: `sha256:${'0'.repeat(64)}`,
    generatedAt: '2011-12-07T00:00:00.000Z',
    popular: [
      ['22423', 0.31],
      ['85123A', 0.29],
    ],
  };
}

/** What every store keeps, whichever engine it stands on. `name` begins each table's name. */
export function predictionStoreContract(name: string, open: () => PredictionStoreHarness): void {
  async function newTable({ tables }: PredictionStoreHarness): Promise<string> {
    const table = `${name}-${process.pid}-${(made += 1)}`;
    await tables.create(table, soon());
    onTestFinished(() => tables.delete(table, soon()));
    return table;
  }

  describe('a prediction reader', () => {
    it('gives the stored text of one user, byte for byte', async () => {
      const harness = open();
      const table = await newTable(harness);
      const items = JSON.stringify([
        ['85123A', 0.1],
        ['naïve "é" 漢字', 1e-7],
      ]);
      await harness.tables.write(table, [{ userId: '00123', items }], soon());
      const reads = await harness.reader.read(table, ['00123'], soon());
      expect(reads).toEqual(new Map([['00123', { kind: 'found', items }]]));
    });

    it('tells users who are not in the table from those who are, alone and among a hundred', async () => {
      const harness = open();
      const table = await newTable(harness);
      await harness.tables.write(table, [{ userId: 'u7', items: '[["a",1]]' }], soon());
      const many = Array.from({ length: 100 }, (_, index) => `u${index}`);
      const reads = await harness.reader.read(table, many, soon());
      expect(reads.size).toBe(100);
      expect(reads.get('u7')).toEqual({ kind: 'found', items: '[["a",1]]' });
      expect([...reads.values()].filter(({ kind }) => kind === 'absent')).toHaveLength(99);
      expect((await harness.reader.read(table, ['nobody'], soon())).get('nobody')).toEqual({
        kind: 'absent',
      });
    });

    it('says that a table is missing, for one user, for many and for the seal', async () => {
      const { reader } = open();
      const table = `${name}-not-there`;
      await expect(reader.read(table, ['a'], soon())).rejects.toThrow(TableMissingError);
      await expect(reader.read(table, ['a', 'b'], soon())).rejects.toThrow(TableMissingError);
      await expect(reader.readSeal(table, soon())).rejects.toThrow(TableMissingError);
    });

    it('frees its caller when the signal aborts', async () => {
      const harness = open();
      const table = await newTable(harness);
      const aborted = AbortSignal.abort();
      await expect(harness.reader.read(table, ['a'], aborted)).rejects.toThrow(StoreTimeoutError);
      await expect(harness.reader.readSeal(table, aborted)).rejects.toThrow(StoreTimeoutError);
    });
  });

  describe('prediction tables', () => {
    it('give back what was written, and only that', async () => {
      const harness = open();
      const table = await newTable(harness);
      const predictions = Array.from({ length: 25 }, (_, index) => ({
        userId: `u${index}`,
        items: `[["p",${index}]]`,
      }));
      expect(await harness.tables.write(table, predictions, soon())).toEqual([]);
      const stored = await harness.tables.readBack(table, ['u0', 'u24', 'u25'], soon());
      expect(stored).toEqual(
        new Map([
          ['u0', '[["p",0]]'],
          ['u24', '[["p",24]]'],
        ]),
      );
    });

    it('have no seal until it is written, and then exactly that one', async () => {
      const harness = open();
      const table = await newTable(harness);
      expect(await harness.reader.readSeal(table, soon())).toBeNull();
      expect(await harness.tables.readSeal(table, soon())).toBeNull();
      const seal = sealOf('20111207T000000Z-000001', 25);
      await harness.tables.seal(table, seal, soon());
      expect(await harness.reader.readSeal(table, soon())).toEqual(seal);
      expect(await harness.tables.readSeal(table, soon())).toEqual(seal);
    });

    it('keep how far their load has come, apart from users and seal', async () => {
      const harness = open();
      const table = await newTable(harness);
      expect(await harness.tables.readProgress(table, soon())).toBeNull();
      const progress = { contentHash: `sha256:${'1'.repeat(64)}`, users: 125 };
      await harness.tables.writeProgress(table, progress, soon());
      expect(await harness.tables.readProgress(table, soon())).toEqual(progress);
      await harness.tables.writeProgress(table, { ...progress, users: 250 }, soon());
      expect(await harness.tables.readProgress(table, soon())).toEqual({ ...progress, users: 250 });
      expect(await harness.tables.readSeal(table, soon())).toBeNull();
      await expect(harness.tables.readProgress(`${name}-not-there`, soon())).rejects.toThrow(
        TableMissingError,
      );
    });

    it('forget one user when asked, seal and others untouched, and say whether they held them', async () => {
      const harness = open();
      const table = await newTable(harness);
      const users = ['anna', 'bert'].map((userId) => ({ userId, items: '[["p",1]]' }));
      await harness.tables.write(table, users, soon());
      const seal = sealOf('20111207T000000Z-000001', 2);
      await harness.tables.seal(table, seal, soon());
      expect(await harness.tables.eraseUser(table, 'anna', soon())).toBe(true);
      expect(await harness.tables.eraseUser(table, 'anna', soon())).toBe(false);
      const left = await harness.tables.readBack(table, ['anna', 'bert'], soon());
      expect([...left.keys()]).toEqual(['bert']);
      await expect((async () => harness.tables.eraseUser(table, SEAL_KEY, soon()))()).rejects.toThrow(
        'no user id',
      );
      expect(await harness.tables.readSeal(table, soon())).toEqual(seal);
      await expect(harness.tables.eraseUser(`${table}-not-there`, 'anna', soon())).rejects.toThrow(
        TableMissingError,
      );
    });

    it('are never made twice under one name', async () => {
      const harness = open();
      const table = await newTable(harness);
      await expect(harness.tables.create(table, soon())).rejects.toThrow(StoreError);
    });

    it('are listed by prefix and described while they exist', async () => {
      const harness = open();
      const table = await newTable(harness);
      expect(await harness.tables.list(table, soon())).toEqual([table]);
      expect(await harness.tables.describe(table, soon())).toMatchObject({ table, status: 'active' });
      await harness.tables.delete(table, soon());
      expect(await harness.tables.list(table, soon())).toEqual([]);
      expect(await harness.tables.describe(table, soon())).toBeNull();
    });

    it('are deleted twice without an error, and missing afterwards', async () => {
      const harness = open();
      const table = await newTable(harness);
      await harness.tables.delete(table, soon());
      await harness.tables.delete(table, soon());
      await expect(harness.tables.write(table, [{ userId: 'a', items: '[]' }], soon())).rejects.toThrow(
        TableMissingError,
      );
    });
  });
}
