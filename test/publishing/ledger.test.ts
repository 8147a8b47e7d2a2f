import { describe, expect, it } from 'vitest';
import { writeReport, type CheckReport } from '../../src/publishing/check/report.ts';
import { status } from '../../src/publishing/status.ts';
import { versions } from '../../src/publishing/versions.ts';
import { fakeReplicas } from '../support/replicas.ts';
import { never } from './fixtures.ts';
import { useHome } from './use-home.ts';

const home = useHome();
const { placement, publishDay, goBack, loadDay } = home;

async function report(
  version: string,
  id: string,
  {
    checks,
    ...verdict
  }: Pick<CheckReport, 'passed' | 'at'> & {
    checks: Pick<CheckReport['checks'][number], 'name' | 'outcome'>[];
  },
): Promise<void> {
  const whole: CheckReport = {
    ...{ schemaVersion: 1, id, placement, by: 'ada@shop', live: null, catalogue: null },
    candidate: { version, contentHash: 'sha256:0' },
    ...{ thresholds: {}, measurements: {} },
    checks: checks.map((check) => ({ ...check, measured: 0, threshold: 0, message: '' })),
    ...verdict,
  };
  await writeReport(home.publisher.archive, whole, never);
}

describe('the ledger of versions', () => {
  it('says what each was loaded from, and who activated it when and why', async () => {
    const [first, second] = [await publishDay(0), await publishDay(1)];
    await goBack();
    const [newest, oldest] = await versions(home.publisher, placement, never);
    expect(newest).toMatchObject({ version: second, rows: 48, rejected: 0, duplicates: 0 });
    const [file] = newest?.files ?? [];
    expect(file?.path).toBe(home.request(1).paths[0]);
    expect(file?.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(newest?.activations).toMatchObject([
      { epoch: 2, action: 'activate', by: 'ada@shop', reason: 'day 1' },
    ]);
    expect(oldest?.version).toBe(first);
    expect(oldest?.activations.map(({ epoch, action, reason }) => [epoch, action, reason])).toEqual([
      [3, 'rollback', 'bad answers'],
      [1, 'activate', 'day 0'],
    ]);
  });

  it('shows the gate’s verdicts, newest first, and passes over what is no report', async () => {
    const version = await loadDay(0);
    const failed = { name: 'overlap', outcome: 'failed' as const };
    const passed = { name: 'users', outcome: 'passed' as const };
    await report(version, `${version}-1`, { passed: false, checks: [passed, failed], at: 'monday' });
    await report(version, `${version}-2`, { passed: true, checks: [passed], at: 'tuesday' });
    await report('somebody else', `${version}-3`, { passed: true, checks: [], at: 'wednesday' });
    const halfThere = JSON.stringify({ candidate: { version }, passed: true, at: 'thursday' });
    await home.publisher.archive.putOnce(`${placement}/checks/${version}-4.json`, halfThere, never);
    const [found] = await versions(home.publisher, placement, never);
    expect(found?.verdicts).toEqual([
      { report: `home/checks/${version}-2.json`, at: 'tuesday', passed: true, stoppedBy: [] },
      { report: `home/checks/${version}-1.json`, at: 'monday', passed: false, stoppedBy: ['overlap'] },
    ]);
  });
});

describe('the ledger of a placement', () => {
  it('tells the latest writes of the pointer, as many as are asked for', async () => {
    await publishDay(0);
    await publishDay(1);
    await goBack();
    const [told] = await status(home.publisher, { placement, history: 2 }, never);
    expect(told?.history.map(({ epoch, action, reason }) => [epoch, action, reason])).toEqual([
      [3, 'rollback', 'bad answers'],
      [2, 'activate', 'day 1'],
    ]);
    const [silent] = await status(home.publisher, { placement }, never);
    expect(silent).toMatchObject({ history: [], replicas: null });
  });

  it('says what every replica serves, and why one could not be asked', async () => {
    await publishDay(0);
    const replicas = fakeReplicas({
      'http://a': [{ placement, epoch: 1, version: 'v1' }],
      'http://b': 'refused',
    });
    const [told] = await status(home.publisher, { placement, replicas }, never);
    expect(told?.replicas).toMatchObject([
      { replica: 'http://a', epoch: 1, version: 'v1', problem: null },
      { replica: 'http://b', epoch: null, version: null, problem: 'refused' },
    ]);
  });
});
