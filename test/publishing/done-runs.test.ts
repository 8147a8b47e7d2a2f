import { describe, expect, it } from 'vitest';
import { publish } from '../../src/publishing/publish.ts';
import { never } from './fixtures.ts';
import { useHome } from './use-home.ts';

const home = useHome();
const { live, activateVersion, blockIds, placement } = home;
const publishRun = async (day: number) => {
  const request = { ...home.request(day), runId: `day ${day}` };
  return (await publish(home.publisher, request, () => undefined, never)).activated;
};
const keys = () => home.publisher.archive.list('', never);

describe('a run that is done, published again', () => {
  it('stays replaced: it changes nothing, and says who has taken over and how to go back', async () => {
    const first = await publishRun(0);
    await blockIds('product-1');
    const second = await publishRun(1);
    expect(second).toMatchObject({ epoch: 3, changed: true, replacedBy: null });
    const before = await keys();

    const again = await publishRun(0);
    const { version, table } = first;
    expect(again).toMatchObject({
      ...{ version, table, epoch: 1, changed: false, check: null },
      replacedBy: { version: second.version, epoch: 3 },
    });
    expect(again.warnings).toEqual([
      `version ${version} was live from epoch 1, and version ${second.version} has taken over since (epoch 3): ` +
        `nothing was changed. To go back use "topshelf rollback --placement home", or ` +
        `"topshelf activate ${version} --placement home".`,
    ]);
    expect(await keys()).toEqual(before);
    expect(await live()).toMatchObject({ version: second.version, epoch: 3 });
    expect(await activateVersion(version)).toMatchObject({ version, epoch: 4, changed: true });
  });

  it('says since when it was live the last time, where it was so more than once', async () => {
    const { version } = await publishRun(0);
    const second = await publishRun(1);
    await activateVersion(version);
    await activateVersion(second.version);
    expect(await publishRun(0)).toMatchObject({ epoch: 3, replacedBy: { epoch: 4 } });
  });

  it('stays replaced also where the pointer is gone: servers stay on what took over', async () => {
    await publishRun(0);
    const { version } = await publishRun(1);
    home.publisher.pointers.remove(placement);
    expect(await publishRun(0)).toMatchObject({ changed: false, replacedBy: { version, epoch: 2 } });
  });
});

it('is one version that is live once where two processes publish one run at once, and both succeed', async () => {
  const [one, other] = await Promise.all([publishRun(0), publishRun(0)]);
  expect(other.version).toBe(one.version);
  expect([one.changed, other.changed].sort()).toEqual([false, true]);
  expect([one.epoch, other.epoch]).toEqual([1, 1]);
  expect(await live()).toMatchObject({ version: one.version, epoch: 1 });
});
