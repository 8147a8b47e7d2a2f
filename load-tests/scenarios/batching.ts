import { createSequence } from '../draw.ts';
import { alternate } from '../measure.ts';
import { timedRatio } from '../ratios.ts';
import { PATIENT, WITHOUT_BATCHING, type Scenario } from '../scenario.ts';
import { capacityOf } from '../server.ts';
import { REALISTIC } from '../stub/behaviour.ts';

const CONNECTIONS = 256;
const SHARE_OF_CAPACITY = 0.3;

export const batching: Scenario = {
  name: 'batching',
  question: 'Does gathering reads make anybody wait, where a batch is as slow as its slowest key?',
  async run(lab) {
    await lab.stub.behave(REALISTIC);
    const server = await lab.startTopshelf(PATIENT);
    const nextUser = createSequence(REALISTIC.users);
    const rate = SHARE_OF_CAPACITY * (await capacityOf(server.api, nextUser));
    const load = { connections: CONNECTIONS, nextUser, rate };
    const arms = await alternate(lab, [
      { name: 'with', server, load },
      { name: 'without', server: await lab.startTopshelf({ ...PATIENT, ...WITHOUT_BATCHING }), load },
    ] as const);
    const compared = [arms.with, arms.without];
    const over = (at: 'p50' | 'p99') => arms.with.latencyMs[at] / arms.without.latencyMs[at];
    return {
      arms,
      facts: { 'users per read with batching': arms.with.keysPerRequest / arms.with.readsPerRequest },
      ratios: [
        timedRatio('batching ÷ without, 30 % of capacity: p50', { atMost: 1.1 }, over('p50'), compared),
        timedRatio('batching ÷ without, 30 % of capacity: p99', { atMost: 1.1 }, over('p99'), compared),
      ],
    };
  },
};
