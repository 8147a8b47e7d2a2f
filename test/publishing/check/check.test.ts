import { describe, expect, it } from 'vitest';
import {
  GateError,
  HeldError,
  QuarantinedError,
  UnreachableError,
  UsageError,
} from '../../../src/domain/errors.ts';
import { activate } from '../../../src/publishing/activate.ts';
import { check, type GateOptions } from '../../../src/publishing/check/check.ts';
import { newestReports, reportsOn, type CheckReport } from '../../../src/publishing/check/report.ts';
import { gateVerdicts } from '../../../src/publishing/gate-reports.ts';
import { load } from '../../../src/publishing/load.ts';
import { batch, collect, createPublisher, never } from '../fixtures.ts';
import { useHome } from '../use-home.ts';

const home = useHome();
const { placement, live, records, loadDay, publishDay, activateVersion, goBack, letGo } = home;

const checkOf = (version: string, options: GateOptions = {}) =>
  check(home.publisher, { placement, version, ...options }, never);
const reports = (version: string) => collect(reportsOn(home.publisher.archive, placement, version, never));
const overriding = (version: string, override: string) =>
  activate(home.publisher, { placement, version, reason: 'by hand', override }, never);
const outcomes = ({ checks }: Pick<CheckReport, 'checks'>, outcome: string) =>
  checks.filter((each) => each.outcome === outcome).map(({ name }) => name);

/** Loads a batch of whose users another part is known, which no gate lets follow a day. */
async function loadStrangers(): Promise<string> {
  const text = batch(8).replaceAll('user-', 'stranger-');
  const paths = [await home.folder.file(text)];
  return (await load(home.publisher, { placement, paths }, () => undefined, never)).version;
}

/** Has the archive lose a version's files; returns what brings them back. */
function loseParquet(version: string): () => void {
  const { archive } = home.publisher;
  const getFile = archive.getFile.bind(archive);
  archive.getFile = async (key, path) => (key.includes(version) ? null : getFile(key, path, never));
  return () => void (archive.getFile = getFile);
}

describe('a check', () => {
  it('says what was measured, of what, against what, and stays in the archive', async () => {
    const first = await publishDay(0);
    const version = await loadDay(1);
    const report = await checkOf(version);
    expect(report).toMatchObject({
      ...{ placement, by: 'ada@shop', passed: true, catalogue: null },
      candidate: { version },
      live: { version: first, epoch: 1 },
      thresholds: { minUsers: 1, minOverlap: 0.65 },
      measurements: { baseline: { kind: 'measured', comparison: { commonUsers: 8, overlap: 1 } } },
    });
    expect(await reports(version)).toEqual([report]);
    expect((await live()).version).toBe(first);
  });

  it('is listed newest first, also among those of one second, whose ids sort by chance', async () => {
    const version = await loadDay(0);
    const { archive } = home.publisher;
    const report = await checkOf(version);
    const times = [100, 300, 200].map((ms) => `2099-01-01T00:00:00.${ms}Z`);
    for (const [index, at] of times.entries()) {
      const id = `${version}-20990101T000000Z-00000${index}`;
      await archive.putOnce(`${placement}/checks/${id}.json`, JSON.stringify({ ...report, id, at }), never);
    }
    const expected = [times[1], times[2], times[0], report.at];
    const verdicts = await gateVerdicts(archive, placement, never);
    expect((await reports(version)).map(({ at }) => at)).toEqual(expected);
    expect((await newestReports(archive, placement, 4, never)).map(({ at }) => at)).toEqual(expected);
    expect(verdicts.get(version)?.map(({ at }) => at)).toEqual(expected);
  });

  it('stops users who are strangers to the live version, and changes nothing', async () => {
    await publishDay(0);
    const version = await loadStrangers();
    const report = await checkOf(version);
    expect(report.passed).toBe(false);
    expect(outcomes(report, 'failed')).toEqual([
      'users-lost',
      'overlap',
      'rank-biased-overlap',
      'all-changed',
    ]);
    expect((await live()).epoch).toBe(1);
  });

  it('is over before the time that the activation it allowed is dated', async () => {
    await publishDay(0);
    const version = await loadDay(1);
    const minute = home.beforePuts(
      (key) => key.includes(`/checks/${version}-`),
      async () => home.publisher.advance(60_000),
    );
    await activateVersion(version);
    minute();
    const [report] = await reports(version);
    const { activatedAt } = await live();
    expect(Date.parse(activatedAt) - Date.parse(report!.at)).toBeGreaterThanOrEqual(60_000);
    expect((await records())[0]).toMatchObject({ version, at: activatedAt });
  });

  it('of a first load has floors, and nothing to compare with', async () => {
    const version = await loadDay(0);
    const report = await checkOf(version);
    expect(report).toMatchObject({
      passed: true,
      live: null,
      measurements: { baseline: { kind: 'none', why: 'nothing is live' } },
    });
    expect(report.checks.map(({ name }) => name)).toContain('short-lists');
    expect(report.checks.map(({ name }) => name)).not.toContain('overlap');
  });

  it('of what is live already has no meaning', async () => {
    await expect(checkOf(await publishDay(0))).rejects.toThrow('is live already');
  });

  it('is errored, and blocks, where the live version’s predictions are gone from the archive', async () => {
    const first = await publishDay(0);
    const version = await loadDay(1);
    loseParquet(first);
    const attempt = activateVersion(version);
    await expect(attempt).rejects.toBeInstanceOf(GateError);
    await expect(attempt).rejects.toThrow(
      /errored +overlap +could not be checked: the live version cannot be measured: the archive has no pred/,
    );
    expect((await live()).version).toBe(first);
    expect(outcomes((await reports(version))[0]!, 'failed')).toEqual([]);
  });

  it('is errored, and blocks, where the candidate’s own are', async () => {
    const version = await loadDay(0);
    loseParquet(version);
    await expect(activateVersion(version)).rejects.toThrow(/errored +users-floor/);
  });

  it.each(['deleted', 'malformed'])(
    'is against the last activated version where the pointer is %s',
    async (how) => {
      const first = await publishDay(0);
      if (how === 'deleted') home.publisher.pointers.remove(placement);
      else home.publisher.pointers.put(placement, '{ "oops": ');
      const strangers = await loadStrangers();
      await expect(activateVersion(strangers)).rejects.toBeInstanceOf(GateError);
      expect(await reports(strangers)).toMatchObject([{ live: { version: first, epoch: 1 } }]);
    },
  );

  it('is against the table that a bare name points to, if it has a seal', async () => {
    const first = await loadDay(0);
    const version = await loadDay(1);
    home.publisher.pointers.put(placement, `topshelf-home-${first}`);
    expect((await checkOf(version)).live).toMatchObject({ version: first, epoch: null });
    await home.publisher.tables.create('foreign-table', never);
    home.publisher.pointers.put(placement, 'foreign-table');
    expect(await checkOf(version)).toMatchObject({
      live: null,
      measurements: { baseline: { why: 'the live table foreign-table has no seal' } },
    });
  });

  it('stops another run with the live content, while the same version again is a success', async () => {
    const first = await publishDay(0);
    const again = await loadDay(0);
    const attempt = activateVersion(again);
    await expect(attempt).rejects.toThrow(/failed +new-content/);
    expect(outcomes((await reports(again))[0]!, 'failed')).toEqual(['new-content']);
    expect(await activateVersion(first)).toMatchObject({ changed: false });
  });

  it('stops predictions that were made before the live ones', async () => {
    const dated = async (day: string, seed: number) => {
      const [header, ...rows] = batch(8, seed).trim().split('\n');
      const text = [`${header},TIMESTAMP`, ...rows.map((row) => `${row},${day}`)].join('\n');
      const request = { placement, paths: [await home.folder.file(text)] };
      return (await load(home.publisher, request, () => undefined, never)).version;
    };
    await activateVersion(await dated('2026-11-20', 1));
    const older = await dated('2026-11-19', 2);
    await expect(activateVersion(older)).rejects.toThrow(/failed +newer-predictions +86400 seconds older/);
    expect(await activateVersion(await dated('2026-11-21', 3))).toMatchObject({ epoch: 2 });
  });

  it('that cannot be kept is no check: nothing goes live by it', async () => {
    const version = await loadDay(0);
    home.failPuts((key) => key.includes('/checks/'));
    await expect(activateVersion(version)).rejects.toBeInstanceOf(UnreachableError);
    await expect(live()).rejects.toThrow('no pointer');
  });
});

describe('a kept check', () => {
  it('lets its candidate go live without another, and the record names it', async () => {
    await publishDay(0);
    const version = await loadDay(1);
    const { id } = await checkOf(version);
    expect(await activateVersion(version)).toMatchObject({ check: id, verdict: { passed: true } });
    expect(await reports(version)).toHaveLength(1);
    expect((await records())[0]).toMatchObject({ epoch: 2, version, check: id, override: null });
  });

  it('says nothing of a version that went live after it', async () => {
    await publishDay(0);
    const [version, other] = [await loadDay(1), await loadDay(2)];
    const { id } = await checkOf(version);
    await activateVersion(other);
    const { check: used } = await activateVersion(version);
    expect(used).not.toBe(id);
    expect((await reports(version)).map(({ live: against }) => against?.version)).toEqual([
      other,
      (await records()).at(-1)?.version,
    ]);
  });

  it('says nothing under other thresholds, or with a catalogue that it did not look at', async () => {
    const version = await loadDay(0);
    await checkOf(version);
    const gateConfig = await home.folder.file(
      JSON.stringify({ placements: { home: { minUsers: 9 } } }),
      'strict.json',
    );
    const attempt = activate(home.publisher, { placement, version, reason: 'r', gateConfig }, never);
    await expect(attempt).rejects.toThrow(/failed +users-floor +8 users; at least 9 needed/);
    const catalogue = await home.folder.file('productId\nproduct-1\n', 'catalogue.csv');
    const shown = activate(home.publisher, { placement, version, reason: 'r', catalogue }, never);
    await expect(shown).rejects.toThrow(/failed +unknown-products/);
    expect(await reports(version)).toHaveLength(3);
  });

  it('that did not pass lets nothing go live, and does not stand in the way of one that does', async () => {
    const version = await loadDay(0);
    const gateConfig = await home.folder.file(JSON.stringify({ default: { minUsers: 9 } }), 'strict.json');
    await checkOf(version, { gateConfig });
    await home.publisher.archive.putOnce(`home/checks/${version}-zzz.json`, 'not JSON', never);
    expect(await activateVersion(version)).toMatchObject({ epoch: 1 });
  });
});

it('makes a check anew that could not be made before', async () => {
  const first = await publishDay(0);
  const version = await loadDay(1);
  const restore = loseParquet(first);
  expect((await checkOf(version)).passed).toBe(false);
  restore();
  expect(await activateVersion(version)).toMatchObject({ epoch: 2, verdict: { passed: true } });
});

describe('an override', () => {
  it('passes once, and says so in pointer and record for ever', async () => {
    await publishDay(0);
    const version = await loadStrangers();
    const result = await overriding(version, 'the shop was merged');
    const override = { by: 'ada@shop', reason: 'the shop was merged' };
    expect(result).toMatchObject({ epoch: 2, changed: true, override, verdict: { passed: false } });
    expect(result.warnings).toEqual(["the gate's verdict was passed over: the shop was merged"]);
    expect(await live()).toMatchObject({ version, override });
    expect((await records())[0]).toMatchObject({ epoch: 2, override, check: result.check });

    await expect(publishDay(1)).rejects.toBeInstanceOf(GateError);
    await overriding(await loadDay(2), 'back to the old shop');
    await publishDay(3);
    expect((await live()).override).toBeNull();
    expect((await records()).find(({ epoch }) => epoch === 2)).toMatchObject({ override });
  });

  it('that is not needed is not recorded', async () => {
    const { override, warnings } = await overriding(await loadDay(0), 'just in case');
    expect(override).toBeNull();
    expect(warnings).toEqual(['no override was needed, and none is recorded: every check passed']);
    expect((await live()).override).toBeNull();
  });

  it('passes over a baseline that cannot be read', async () => {
    const first = await publishDay(0);
    loseParquet(first);
    expect(await overriding(await loadDay(1), 'the archive was cleared')).toMatchObject({ epoch: 2 });
  });

  it('ends no hold and no quarantine', async () => {
    await publishDay(0);
    const bad = await publishDay(1);
    await goBack();
    await expect(overriding(await loadDay(2), 'hurry')).rejects.toBeInstanceOf(HeldError);
    await letGo();
    await expect(overriding(bad, 'hurry')).rejects.toBeInstanceOf(QuarantinedError);
  });

  it.each(['', ' ', 'x'.repeat(501)])('needs a reason, and %j is none', async (why) => {
    await expect(overriding(await loadDay(0), why)).rejects.toBeInstanceOf(UsageError);
  });
});

it('is the same for a publisher that starts anew: nothing of it lives in a process', async () => {
  const first = await publishDay(0);
  const strangers = await loadStrangers();
  const { pointers, tables, archive } = home.publisher;
  const restarted = { ...createPublisher(), pointers, tables, archive };
  const attempt = activate(restarted, { placement, version: strangers, reason: 'r' }, never);
  await expect(attempt).rejects.toBeInstanceOf(GateError);
  expect((await live()).version).toBe(first);
});
