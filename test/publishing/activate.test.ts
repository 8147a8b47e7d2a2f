import { describe, expect, it } from 'vitest';
import {
  BadInputError,
  GateError,
  HeldError,
  LostRaceError,
  NotFoundError,
  QuarantinedError,
  UnreachableError,
  UsageError,
} from '../../src/domain/errors.ts';
import { activate } from '../../src/publishing/activate.ts';
import type { ProgressEvent } from '../../src/publishing/progress.ts';
import { publish } from '../../src/publishing/publish.ts';
import { csv, never } from './fixtures.ts';
import { useHome } from './use-home.ts';

const home = useHome();
const { live, records, loadDay, publishDay, activateVersion, goBack, letGo, blockIds, placement } = home;

describe('activate', () => {
  it('makes a sealed version live, as the first epoch, and records it', async () => {
    const version = await loadDay(0);
    const result = await activateVersion(version);
    expect(result).toMatchObject({ placement, version, epoch: 1, changed: true, warnings: [] });
    expect(result.verdict?.passed).toBe(true);
    expect(await live()).toMatchObject({
      version,
      epoch: 1,
      activatedBy: 'ada@shop',
      reason: 'by hand',
      hold: null,
    });
    expect(await records()).toMatchObject([
      { epoch: 1, action: 'activate', version, by: 'ada@shop', repaired: false },
    ]);
  });

  it('is a success, with nothing written, for the version that is live', async () => {
    const version = await publishDay(0);
    expect(await activateVersion(version)).toMatchObject({ epoch: 1, changed: false });
    expect((await live()).epoch).toBe(1);
  });

  it.each(['20261121T031500Z-000000', 'yesterday', '../../etc'])(
    'refuses %j, which is no version here',
    async (version) => {
      await expect(activateVersion(version)).rejects.toBeInstanceOf(NotFoundError);
    },
  );

  it('refuses a table whose load did not end', async () => {
    await home.publisher.tables.create('topshelf-home-20261121T031500Z-00000a', never);
    await expect(activateVersion('20261121T031500Z-00000a')).rejects.toThrow('not there or not sealed');
    await expect(live()).rejects.toThrow('no pointer');
  });

  it('is stopped by the gate where the popular list cannot fill an answer', async () => {
    const paths = [
      await home.folder.file(
        csv([
          ['u', 'a', 1],
          ['v', 'b', 1],
        ]),
      ),
    ];
    const attempt = publish(home.publisher, { placement, paths, reason: 'tiny' }, () => undefined, never);
    await expect(attempt).rejects.toBeInstanceOf(GateError);
    await expect(attempt).rejects.toThrow(
      /failed +popular-floor +2 different popular products; at least 5 needed/,
    );
    expect(await home.publisher.tables.list('topshelf-home-', never)).toHaveLength(1);
    expect(await records()).toEqual([]);
  });

  it('loses the race to whoever wrote after it read, and writes nothing', async () => {
    await publishDay(0);
    const [mine, theirs] = [await loadDay(1), await loadDay(2)];
    const restore = home.beforePuts(
      (key) => key.includes(`/checks/${mine}-`),
      () => activateVersion(theirs),
    );
    const attempt = activateVersion(mine);
    await expect(attempt).rejects.toBeInstanceOf(LostRaceError);
    restore();
    expect(await live()).toMatchObject({ version: theirs, epoch: 2 });
    expect((await records()).map(({ version }) => version)).not.toContain(mine);
  });

  it('is a success, with nothing written, where another process made that very version live meanwhile', async () => {
    await publishDay(0);
    const version = await loadDay(1);
    let theirs: Promise<unknown> | undefined;
    const restore = home.beforePuts(
      (key) => key.includes(`/checks/${version}-`) && theirs === undefined,
      () => (theirs = activateVersion(version)),
    );
    const mine = await activateVersion(version);
    restore();
    expect(await theirs).toMatchObject({ version, epoch: 2, changed: true });
    expect(mine).toMatchObject({ version, epoch: 2, changed: false, override: null });
    expect((await records()).map(({ epoch }) => epoch)).toEqual([2, 1]);
  });

  it('lets one of fifty concurrent activations win each epoch', async () => {
    const versions = await Promise.all([0, 1, 2, 3, 4].map(loadDay));
    const outcomes = await Promise.allSettled(
      Array.from({ length: 50 }, (_, at) => activateVersion(versions[at % 5] ?? '')),
    );
    const done = outcomes.filter((outcome) => outcome.status === 'fulfilled').map(({ value }) => value);
    expect(done.filter(({ changed }) => changed)).toHaveLength(1);
    // The other nine that wanted the same version have it.
    expect(done).toHaveLength(10);
    expect(new Set(done.map(({ version }) => version)).size).toBe(1);
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(LostRaceError);
    expect((await live()).epoch).toBe(1);
  });

  it('writes the missing record of what it replaces', async () => {
    const first = await publishDay(0);
    const second = await loadDay(1);
    const repair = home.failPuts((key) => key.endsWith('/2.json'));
    const result = await activateVersion(second);
    expect(result.warnings[0]).toContain('epoch 2 is live, but its record is not written yet');
    repair();
    expect((await records()).map(({ epoch }) => epoch)).toEqual([1]);
    const third = await publishDay(2);
    expect((await records()).map(({ epoch, version, repaired }) => [epoch, version, repaired])).toEqual([
      [3, third, false],
      [2, second, true],
      [1, first, false],
    ]);
  });

  it('is on record also where it is interrupted right after the pointer was written', async () => {
    const version = await loadDay(0);
    const { pointers } = home.publisher;
    const interruption = new AbortController();
    const write: typeof pointers.write = async (...given) => {
      const token = await pointers.write(...given);
      interruption.abort(new Error('stopped by SIGINT'));
      return token;
    };
    const context = { ...home.publisher, pointers: { ...pointers, write } };
    const request = { placement, version, reason: 'by hand' };
    expect(await activate(context, request, interruption.signal)).toMatchObject({ epoch: 1, warnings: [] });
    expect(await records()).toMatchObject([{ epoch: 1, version }]);
  });

  it('writes nothing where the replaced version cannot be recorded', async () => {
    await publishDay(0);
    const next = await loadDay(1);
    home.failPuts(() => true);
    await expect(activateVersion(next)).rejects.toBeInstanceOf(UnreachableError);
    expect((await live()).epoch).toBe(1);
  });

  it('wins where the reply to its write was lost', async () => {
    const version = await loadDay(0);
    home.publisher.pointers.loseNextReply();
    expect(await activateVersion(version)).toMatchObject({ epoch: 1, changed: true });
  });

  it.each(['', ' ', 'x'.repeat(501)])('refuses the reason %j', async (reason) => {
    const version = await loadDay(0);
    await expect(activate(home.publisher, { placement, version, reason }, never)).rejects.toBeInstanceOf(
      UsageError,
    );
  });
});

describe('publish', () => {
  it('publishes nothing of a batch that is refused', async () => {
    const before = await publishDay(0);
    const attempt = publish(
      home.publisher,
      { ...home.request(1), paths: [await home.folder.file('ENTITY,CLASS,SCORE\n')] },
      () => undefined,
      never,
    );
    await expect(attempt).rejects.toBeInstanceOf(BadInputError);
    expect(await live()).toMatchObject({ version: before, epoch: 1 });
  });

  it('loads nothing while activations are held', async () => {
    await publishDay(0);
    await publishDay(1);
    await goBack();
    await expect(publishDay(2)).rejects.toBeInstanceOf(HeldError);
    expect(await home.publisher.tables.list('topshelf-home-', never)).toHaveLength(2);
  });

  it('loads nothing of content that is quarantined, whatever its files are called', async () => {
    await publishDay(0);
    const bad = await publishDay(1);
    await goBack();
    await letGo();
    const attempt = publishDay(1);
    await expect(attempt).rejects.toBeInstanceOf(QuarantinedError);
    await expect(attempt).rejects.toThrow(`that of ${bad}, was quarantined by ada@shop`);
    expect(await home.publisher.tables.list('topshelf-home-', never)).toHaveLength(2);
  });

  it('loads nothing where activations were held while it read the input', async () => {
    await publishDay(0);
    await publishDay(1);
    let rolledBack: Promise<unknown> | undefined;
    const whileReading = (event: ProgressEvent) => {
      if (event.kind === 'reading') rolledBack = goBack();
    };
    const attempt = publish(home.publisher, home.request(2), whileReading, never);
    await expect(attempt).rejects.toBeInstanceOf(HeldError);
    await rolledBack;
    expect(await home.publisher.tables.list('topshelf-home-', never)).toHaveLength(2);
  });

  it.each([
    ['an empty reason', { reason: ' ' }, 'the reason must have 1 to 500 characters'],
    ['an empty override', { override: ' ' }, '--override must have 1 to 500 characters, got 1: " "'],
    ['thresholds that are not there', { gateConfig: '/nowhere.json' }, 'cannot be read from /nowhere.json'],
    ['a catalogue that is not there', { catalogue: '/nowhere.csv' }, 'the catalogue /nowhere.csv cannot'],
    ['a column of no catalogue', { catalogueColumn: 'sku' }, 'a column sku was named'],
  ])('reads no input for %s', async (_, changes, message) => {
    const events: ProgressEvent[] = [];
    const request = { ...home.request(0), ...changes };
    const attempt = publish(home.publisher, request, (event) => void events.push(event), never);
    await expect(attempt).rejects.toThrow(message);
    expect(events).toEqual([]);
  });

  it('refuses an actor that no pointer could hold, before it reads anything', async () => {
    const context = { ...home.publisher, actor: 'a'.repeat(201) };
    const attempt = publish(context, home.request(0), () => undefined, never);
    await expect(attempt).rejects.toThrow('the actor (TOPSHELF_ACTOR) must have 1 to 200 characters');
  });
});

it('says unreachable, and changes nothing, when the pointer store is away', async () => {
  const version = await loadDay(0);
  home.publisher.pointers.setFailing(true);
  for (const attempt of [activateVersion(version), goBack(), letGo(), blockIds('p')]) {
    await expect(attempt).rejects.toBeInstanceOf(UnreachableError);
  }
});

it('numbers a deleted pointer above its records', async () => {
  await publishDay(0);
  await publishDay(1);
  home.publisher.pointers.remove(placement);
  expect(await activateVersion(await loadDay(2))).toMatchObject({ epoch: 3 });
});
