import { describe, expect, it } from 'vitest';
import { LostRaceError } from '../../src/domain/errors.ts';
import { publish } from '../../src/publishing/publish.ts';
import { prune } from '../../src/publishing/prune.ts';
import { batch, never } from './fixtures.ts';
import { useHome } from './use-home.ts';

const home = useHome();
const { live, records, publishDay, loadDay, activateVersion, goBack, letGo, placement } = home;
const DAY_MS = 86_400_000;
const pruning = () =>
  prune(home.publisher, { placement, keepVersions: 2, minAgeMs: 0, graceMs: 0, isConfirmed: true }, never);

describe('thirty publishes at the same moment', () => {
  it('win an epoch each or lose the race by its name, and whoever lost can still be activated', async () => {
    const paths = await Promise.all(
      Array.from({ length: 30 }, (_, seed) => home.folder.file(batch(8, 100 + seed))),
    );
    const outcomes = await Promise.allSettled(
      paths.map((path) =>
        publish(home.publisher, { placement, paths: [path], reason: path }, () => undefined, never),
      ),
    );
    const won = outcomes
      .filter((outcome) => outcome.status === 'fulfilled')
      .map(({ value }) => value.activated);
    const lost = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(won.length).toBeGreaterThan(0);
    for (const { reason } of lost) {
      expect(reason).toBeInstanceOf(LostRaceError);
      expect((reason as Error).message).toMatch(
        /Version (\S+) is loaded: "topshelf activate \1 --placement home" makes it live/,
      );
    }
    expect(won.map(({ epoch }) => epoch).sort((a, b) => a - b)).toEqual(won.map((_, at) => at + 1));
    const newest = won.find(({ epoch }) => epoch === won.length);
    expect(await live()).toMatchObject({ epoch: won.length, version: newest?.version });
    expect((await records()).map(({ epoch }) => epoch)).toEqual(won.map((_, at) => won.length - at));

    const tables = await home.publisher.tables.list(`topshelf-${placement}-`, never);
    expect(new Set(tables).size).toBe(30);
    const activated = new Set(won.map(({ table }) => table));
    const loser = tables.find((table) => !activated.has(table));
    if (loser === undefined) throw new Error('somebody loses among thirty');
    const version = loser.slice(`topshelf-${placement}-`.length);
    expect(await activateVersion(version)).toMatchObject({ version, epoch: won.length + 1 });
  });
});

describe('a clock that goes backwards between two versions', () => {
  it('changes no order: epochs tell what came after what, for rollbacks and for pruning', async () => {
    const first = await publishDay(0);
    home.publisher.advance(-3 * DAY_MS);
    const second = await publishDay(1);
    expect(second < first).toBe(true);
    expect(await live()).toMatchObject({ version: second, epoch: 2 });
    home.publisher.advance(-3 * DAY_MS);
    const third = await publishDay(2);
    // By their ids the first two are the newest; by what was live the last two count, and no younger one may go.
    const { versions } = await pruning();
    expect(versions.filter(({ isKept }) => isKept).map(({ version }) => version)).toEqual(
      expect.arrayContaining([second, third]),
    );
    expect(await goBack()).toMatchObject({ version: second, epoch: 4 });
  });

  it('brings nothing back that a rollback left, though its id is the newest', async () => {
    const first = await publishDay(0);
    home.publisher.advance(DAY_MS);
    await publishDay(1);
    home.publisher.advance(-5 * DAY_MS);
    await goBack();
    await letGo();
    const third = await loadDay(2);
    expect(await activateVersion(third)).toMatchObject({ version: third });
    expect(await goBack()).toMatchObject({ version: first });
  });
});

describe('after a rollback', () => {
  it('nothing blocks the next three publishes once the hold is released, and the quarantine stays', async () => {
    await publishDay(0);
    const bad = await publishDay(1);
    await goBack();
    await letGo();
    for (const day of [2, 3, 4]) await publishDay(day);
    expect(await live()).toMatchObject({ hold: null, quarantined: [{ version: bad }] });
    await expect(activateVersion(bad)).rejects.toThrow('was quarantined by');
  });
});
