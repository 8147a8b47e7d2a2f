import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/domain/errors.ts';
import { UNSEALED_HASH, type Pointer, type Quarantined } from '../../src/domain/pointer.ts';
import {
  activated,
  blocked,
  outOfQuarantine,
  quarantineOf,
  released,
  retired,
  rolledBack,
  unblocked,
  type Authorship,
  type SealedTable,
} from '../../src/domain/pointer-changes.ts';

const hash = (digit: string) => `sha256:${digit.repeat(64)}`;
const author: Authorship = {
  epoch: 43,
  writeId: 'w43',
  at: '2026-11-22T04:00:00.000Z',
  by: 'anna',
  reason: 'because',
};
const target: SealedTable = {
  table: 'topshelf-home-v2',
  seal: {
    schemaVersion: 1,
    placement: 'home',
    version: 'v2',
    users: 10,
    contentHash: hash('2'),
    generatedAt: '2026-11-22T00:00:00.000Z',
    popular: [['p', 0.5]],
  },
};
const live: Pointer = {
  ...activated(null, target, { ...author, epoch: 42, writeId: 'w42' }),
  version: 'v1',
  table: 'topshelf-home-v1',
  contentHash: hash('1'),
};

function quarantined(version: string, contentHash = hash('9')): Quarantined {
  return { version, contentHash, at: '2026-11-01T00:00:00.000Z', by: 'bert', reason: 'bad' };
}

const names = (count: number, prefix = 'p') =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);

describe('activating a version', () => {
  it('names its table, content and popular products, and who did it', () => {
    expect(activated(null, target, author)).toEqual({
      schemaVersion: 1,
      placement: 'home',
      epoch: 43,
      writeId: 'w43',
      version: 'v2',
      table: 'topshelf-home-v2',
      contentHash: hash('2'),
      generatedAt: '2026-11-22T00:00:00.000Z',
      activatedAt: '2026-11-22T04:00:00.000Z',
      activatedBy: 'anna',
      reason: 'because',
      override: null,
      hold: null,
      quarantined: [],
      retired: [],
      blocked: [],
      popular: [['p', 0.5]],
    });
  });

  it('keeps hold, quarantine, retired versions and blocked products of the pointer before', () => {
    const kept = {
      hold: { since: '2026-11-20T00:00:00.000Z', by: 'bert', reason: 'bad batch' },
      quarantined: [quarantined('v0')],
      retired: ['v-1'],
      blocked: ['22423'],
    };
    expect(activated({ ...live, ...kept }, target, author)).toMatchObject(kept);
  });

  it('records an override of the gate, for this activation only', () => {
    const override = { by: 'anna', reason: 'checked by hand' };
    const forced = activated(live, target, author, override);
    expect(forced.override).toEqual(override);
    expect(activated(forced, target, author).override).toBeNull();
  });
});

describe('rolling back', () => {
  it('goes to the target under a new epoch, takes a hold and quarantines what it leaves', () => {
    const back = rolledBack({ ...live, blocked: ['22423'], retired: ['v0'] }, target, author);
    expect(back).toMatchObject({
      epoch: 43,
      version: 'v2',
      table: 'topshelf-home-v2',
      blocked: ['22423'],
      retired: ['v0'],
    });
    expect(back.hold).toEqual({ since: author.at, by: 'anna', reason: 'because' });
    expect(back.quarantined).toEqual([
      { version: 'v1', contentHash: hash('1'), at: author.at, by: 'anna', reason: 'because' },
    ]);
  });

  it('lists at most 20 quarantined versions and drops the oldest', () => {
    const before = { ...live, quarantined: names(20, 'old').map((version) => quarantined(version)) };
    const versions = rolledBack(before, target, author).quarantined.map(({ version }) => version);
    expect(versions).toEqual(['v1', ...names(19, 'old')]);
  });

  it('lists a version that is quarantined again once, as the newest', () => {
    const before = { ...live, quarantined: [quarantined('v0'), quarantined('v1')] };
    const versions = rolledBack(before, target, author).quarantined.map(({ version }) => version);
    expect(versions).toEqual(['v1', 'v0']);
  });

  it('takes a hold of its own where there was one', () => {
    const hold = { since: '2026-11-01T00:00:00.000Z', by: 'bert', reason: 'earlier' };
    expect(rolledBack({ ...live, hold }, target, author).hold).toMatchObject({
      by: 'anna',
      since: author.at,
    });
  });
});

describe('releasing', () => {
  it('ends the hold, and changes neither the version nor the quarantine', () => {
    const held = rolledBack(live, target, author);
    const free = released(held, { ...author, epoch: 44, writeId: 'w44', by: 'carl' });
    expect(free).toEqual({ ...held, hold: null, epoch: 44, writeId: 'w44', activatedBy: 'carl' });
  });
});

describe('blocking products', () => {
  it('adds each once, after those that are blocked already', () => {
    const next = blocked({ ...live, blocked: ['a', 'b'] }, ['c', 'b', 'c'], author);
    expect(next).toEqual({
      ...live,
      epoch: 43,
      writeId: 'w43',
      blocked: ['a', 'b', 'c'],
    });
  });

  it('takes 200 and refuses one more, saying how many there would be', () => {
    const full = blocked(live, names(200), author);
    expect(full.blocked).toHaveLength(200);
    expect(blocked(full, ['p0'], author).blocked).toHaveLength(200);
    expect(() => blocked(full, ['one more'], author)).toThrow(UsageError);
    expect(() => blocked(full, ['one more'], author)).toThrow(
      '201 products would be blocked; at most 200 can be',
    );
  });

  it('is undone by unblocking: of those named, and of no other', () => {
    const before = { ...live, blocked: ['a', 'b', 'c'] };
    expect(unblocked(before, ['b', 'not blocked'], author)).toMatchObject({ epoch: 43, blocked: ['a', 'c'] });
  });
});

describe('a quarantine', () => {
  const pointer = {
    ...live,
    quarantined: [quarantined('v0', hash('0')), quarantined('by-hand', UNSEALED_HASH)],
  };

  it('covers the version and the same content under another id', () => {
    expect(quarantineOf(pointer.quarantined, { version: 'v0', contentHash: hash('7') })?.version).toBe('v0');
    expect(quarantineOf(pointer.quarantined, { version: 'v9', contentHash: hash('0') })?.version).toBe('v0');
    expect(quarantineOf(pointer.quarantined, { version: 'v9', contentHash: hash('7') })).toBeUndefined();
  });

  it('of one table without a seal does not cover every other', () => {
    expect(
      quarantineOf(pointer.quarantined, { version: 'other', contentHash: UNSEALED_HASH }),
    ).toBeUndefined();
    expect(
      quarantineOf(pointer.quarantined, { version: 'by-hand', contentHash: UNSEALED_HASH }),
    ).toBeDefined();
  });
});

describe('retiring versions', () => {
  const before = { ...live, retired: ['v-2', 'v-3'] };

  it('puts them first on the list, once, and writes a new epoch of the same version', () => {
    const next = retired(before, ['v0', 'v-2'], [], author);
    expect(next).toMatchObject({
      version: 'v1',
      epoch: 43,
      activatedBy: 'anna',
      retired: ['v0', 'v-2', 'v-3'],
    });
    expect(before.retired).toEqual(['v-2', 'v-3']);
  });

  it('lets those leave whose tables are gone', () => {
    expect(retired(before, ['v0'], ['v-2'], author).retired).toEqual(['v0', 'v-3']);
    expect(retired(before, [], ['v-2', 'v-3'], author).retired).toEqual([]);
  });

  it('lets none be pushed out of the list', () => {
    expect(retired(live, names(20, 'v-'), [], author).retired).toHaveLength(20);
    expect(() => retired(before, names(19, 'w'), [], author)).toThrow(UsageError);
    expect(retired(before, names(19, 'w'), ['v-3'], author).retired).toHaveLength(20);
  });

  it('never touches what is live', () => {
    expect(() => retired(before, ['v1'], [], author)).toThrow('is live and cannot be retired');
  });
});

describe('a word for a quarantined version', () => {
  const list = [quarantined('v7', hash('7')), quarantined('v8', hash('8')), quarantined('v9', hash('7'))];

  it('frees it and its content under every id', () => {
    expect(outOfQuarantine(list, { version: 'v7', contentHash: hash('7') })).toEqual([list[1]]);
    expect(outOfQuarantine(list, { version: 'v8', contentHash: hash('0') })).toEqual([list[0], list[2]]);
    expect(outOfQuarantine(list, { version: 'v1', contentHash: hash('1') })).toEqual(list);
  });
});
