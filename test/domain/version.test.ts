import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  isTableName,
  isTablePrefix,
  isVersion,
  newVersion,
  parseTableName,
  tableName,
  versionTime,
} from '../../src/domain/version.ts';

const times = fc.integer({ min: Date.UTC(2000, 0), max: Date.UTC(2099, 0) });
const bits = fc.integer({ min: 0, max: 0xffffff });

describe('a version id', () => {
  it('holds the second it was made and 24 random bits', () => {
    expect(newVersion(Date.UTC(2026, 10, 21, 3, 15, 0, 999), 0x3f9a1c)).toBe('20261121T031500Z-3f9a1c');
    expect(newVersion(Date.UTC(2026, 10, 21, 3, 15), 0x1a)).toBe('20261121T031500Z-00001a');
    expect(newVersion(Date.UTC(2026, 10, 21, 3, 15), 0x7_ff_ff_ff_1a)).toMatch(
      /^20261121T031500Z-[0-9a-f]{6}$/,
    );
  });

  it('sorts by time, as text', () => {
    fc.assert(
      fc.property(times, fc.integer({ min: 1000, max: 1e10 }), bits, bits, (time, later, a, b) => {
        expect(newVersion(time, a) < newVersion(time + later, b)).toBe(true);
      }),
    );
  });

  it('is recognised, and nothing else is', () => {
    fc.assert(fc.property(times, bits, (time, random) => isVersion(newVersion(time, random))));
    for (const text of [
      '',
      '20261121T031500Z',
      '20261121T031500Z-3F9A1C',
      '20261121T031500Z-3f9a1c\n',
      'latest',
    ]) {
      expect(isVersion(text)).toBe(false);
    }
  });
});

describe("a table's name", () => {
  const prefixes = fc.stringMatching(/^[A-Za-z0-9_.-]{1,60}$/);
  const placements = fc.stringMatching(/^[a-z0-9_]{1,40}$/);

  it('tells its placement and version, whatever the prefix', () => {
    fc.assert(
      fc.property(prefixes, placements, times, bits, (prefix, placement, time, random) => {
        const version = newVersion(time, random);
        const table = tableName(prefix, placement, version);
        expect(isTableName(table)).toBe(true);
        expect(parseTableName(prefix, table)).toEqual({ placement, version });
      }),
    );
  });

  it.each([
    ['of another prefix', 'other-home-20261121T031500Z-3f9a1c'],
    ['of a longer prefix', 'topshelf-blue-home-20261121T031500Z-3f9a1c'],
    ['without a placement', 'topshelf--20261121T031500Z-3f9a1c'],
    ['without a version', 'topshelf-home'],
    ['with something after the version', 'topshelf-home-20261121T031500Z-3f9a1c-copy'],
    ['that is the prefix', 'topshelf'],
  ])('%s is not one of ours', (_, table) => {
    expect(parseTableName('topshelf', table)).toBeUndefined();
  });

  it.each([
    'arn:aws:dynamodb:eu-west-1:123456789012:table/topshelf-home-20261121T031500Z-3f9a1c',
    'topshelf/home',
    'ab',
    'topshelf home',
    'topshelf-home\n',
    '',
  ])('is never %j: no ARN, no path, only what DynamoDB takes as a name of this account', (table) => {
    expect(isTableName(table)).toBe(false);
  });

  it('is at most 255 characters long', () => {
    expect(isTableName('a'.repeat(255))).toBe(true);
    expect(isTableName('a'.repeat(256))).toBe(false);
  });

  it('may begin with up to 60 characters of the operator’s choice', () => {
    expect(isTablePrefix('shop.prod_1-eu')).toBe(true);
    for (const prefix of ['', 'a'.repeat(61), 'shop/prod', 'shop:prod', 'shöp']) {
      expect(isTablePrefix(prefix)).toBe(false);
    }
  });
});

describe('the time of a version', () => {
  it('is that of its id', () => {
    const now = Date.parse('2026-11-22T03:04:05.678Z');
    expect(versionTime(newVersion(now, 7))).toBe(Date.parse('2026-11-22T03:04:05Z'));
    expect(versionTime('yesterday')).toBeNaN();
    expect(versionTime('20261122T030405Z-nothex')).toBeNaN();
  });
});
