import { createRandom, createZipf } from '../draw.ts';
import { alternate } from '../measure.ts';
import type { Scenario } from '../scenario.ts';
import { capacityOf } from '../server.ts';
import { REALISTIC } from '../stub/behaviour.ts';

const USERS = 1_000_000;
const CONNECTIONS = 256;
const SHARE_OF_CAPACITY = 0.3;
/** Not down, which is easily noticed: slow beyond every deadline. */
const BROWN = { ...REALISTIC, latency: { p50Ms: 300, p99Ms: 1200 } };

export const brownout: Scenario = {
  name: 'brownout',
  question: 'What do callers get while the table is slow, and right after?',
  async run(lab) {
    await lab.stub.behave(REALISTIC);
    const server = await lab.startTopshelf();
    const nextUser = createZipf(USERS, createRandom(1));
    const rate = SHARE_OF_CAPACITY * (await capacityOf(server.api, nextUser));
    const load = { connections: CONNECTIONS, nextUser, rate };
    const calm = () => lab.stub.behave(REALISTIC);
    const arms = await alternate(lab, [
      { name: 'before', server, load, prepare: calm },
      { name: 'during', server, load, prepare: () => lab.stub.behave(BROWN) },
      { name: 'right after', server, load, prepare: calm },
    ] as const);
    return {
      arms,
      ratios: [],
      facts: {
        'share answered within the deadline, during': 1 - arms.during.lateShare,
        'reads per request, during ÷ before': arms.during.readsPerRequest / arms.before.readsPerRequest,
      },
    };
  },
};
