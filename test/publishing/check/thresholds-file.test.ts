import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/domain/errors.ts';
import { DEFAULT_THRESHOLDS, THRESHOLD_NAMES, THRESHOLDS } from '../../../src/gate/thresholds.ts';
import { readThresholds } from '../../../src/publishing/check/thresholds-file.ts';
import { createFolder } from '../fixtures.ts';

let folder: Awaited<ReturnType<typeof createFolder>>;
beforeAll(async () => {
  folder = await createFolder();
});
afterAll(() => folder.remove());

const readFrom = async (content: unknown, placement = 'home') =>
  readThresholds(await folder.file(JSON.stringify(content), 'gate.json'), placement);
const read = async (...options: Parameters<typeof readFrom>) => (await readFrom(...options)).thresholds;

describe('the file of thresholds', () => {
  it('may be left out, and may say nothing', async () => {
    expect(await readThresholds(undefined, 'home')).toEqual({
      thresholds: DEFAULT_THRESHOLDS,
      gateConfig: null,
    });
    expect(await read({})).toEqual(DEFAULT_THRESHOLDS);
  });

  it('sets those of a placement before its default, and that before ours', async () => {
    const content = {
      default: { minUsers: 10, minOverlap: 0.5 },
      placements: { home: { minOverlap: 0.4 }, cart: { minUsers: 2 } },
    };
    expect(await read(content)).toEqual({ ...DEFAULT_THRESHOLDS, minUsers: 10, minOverlap: 0.4 });
    expect(await read(content, 'cart')).toEqual({ ...DEFAULT_THRESHOLDS, minUsers: 2, minOverlap: 0.5 });
    expect(Object.keys(await read(content))).toEqual(THRESHOLD_NAMES);
  });

  it.each([
    [{}, []],
    [{ placements: { hoem: { minUsers: 9 } } }, []],
    [{ default: { minUsers: 9 }, placements: { hoem: {} } }, ['default']],
    [{ default: {}, placements: { home: {} } }, ['default', 'placements.home']],
  ])('%j applies to a placement with these sections: %j', async (content, sections) => {
    expect((await readFrom(content)).gateConfig).toEqual({ file: 'gate.json', sections });
  });

  it.each([
    [{ default: { maxUsersLost: 2 } }, 'default.maxUsersLost: Too big: expected number to be <=1, got 2'],
    [{ default: { minUsers: '5' } }, 'expected number, received string, got "5"'],
    [{ placements: { 'RR!': {} } }, 'placements.RR!: is no placement: 1 to 40 of a-z, 0-9 and _'],
  ])('refuses %j with what was wrong', async (content, why) => {
    await expect(read(content)).rejects.toThrow(why);
  });

  it('has every mistake reported at once, also about other placements', async () => {
    const attempt = read({
      defaults: {},
      default: { minOverlapp: 0.5, maxUsersLost: 2 },
      placements: { cart: { minUsers: '100' }, 'Home Page': {} },
    });
    await expect(attempt).rejects.toBeInstanceOf(UsageError);
    const { message } = (await attempt.catch((error: unknown) => error)) as Error;
    for (const part of [
      'defaults',
      'minOverlapp',
      'default.maxUsersLost',
      'placements.cart.minUsers',
      'Home Page',
    ]) {
      expect(message).toContain(part);
    }
    expect(message).toContain('Thresholds are minUsers,');
  });

  it.each(['{', '', '[]', 'null'])('refuses %j', async (content) => {
    await expect(readThresholds(await folder.file(content), 'home')).rejects.toBeInstanceOf(UsageError);
  });

  it('must be there where it is named', async () => {
    await expect(readThresholds('/nowhere/gate.json', 'home')).rejects.toThrow('/nowhere/gate.json');
  });
});

it('has every default within what may be set', () => {
  for (const name of THRESHOLD_NAMES) {
    const { default: value, range } = THRESHOLDS[name];
    expect(value, name).toBeGreaterThanOrEqual(range[0]);
    expect(value, name).toBeLessThanOrEqual(range[1]);
  }
});
