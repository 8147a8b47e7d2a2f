import { createSequence } from '../draw.ts';
import { measure, mediansOf } from '../measure.ts';
import { timedRatio } from '../ratios.ts';
import type { Scenario } from '../scenario.ts';
import { median } from '../statistics.ts';
import { AT_ONCE } from '../stub/behaviour.ts';

export const oneAtATime: Scenario = {
  name: 'one-at-a-time',
  question: 'What does the service add to the latency of a read, with nothing else under way?',
  async run(lab) {
    await lab.stub.behave(AT_ONCE);
    const topshelf = {
      name: 'topshelf',
      server: await lab.startTopshelf(),
      load: { connections: 1, nextUser: createSequence(AT_ONCE.users) },
    };
    const bare = await lab.startPeer('signed-get-item');
    const bareP50 = async () => {
      const answer = await fetch(`${bare.api}/run?seconds=${lab.seconds}`);
      return ((await answer.json()) as { p50: number }).p50;
    };
    await measure(lab.stub, lab.seconds, topshelf);
    await bareP50();
    const runs = [];
    const bareRuns = [];
    for (let round = 0; round < lab.rounds; round++) {
      runs.push(await measure(lab.stub, lab.seconds, topshelf));
      bareRuns.push(await bareP50());
    }
    const measured = mediansOf(runs);
    const bareMedian = median(bareRuns);
    return {
      arms: { topshelf: measured },
      facts: { 'p50 of a bare signed GetItem, ms': bareMedian },
      ratios: [
        timedRatio(
          'one at a time: p50 above a bare signed GetItem',
          { atMost: 0.15 },
          measured.latencyMs.p50 - bareMedian,
          [measured],
          'ms',
        ),
      ],
    };
  },
};
