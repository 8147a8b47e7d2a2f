import { createSequence } from '../draw.ts';
import { alternate } from '../measure.ts';
import { timedRatio } from '../ratios.ts';
import { PATIENT, WITHOUT_HEDGING, type Scenario } from '../scenario.ts';
import { capacityOf } from '../server.ts';
import { REALISTIC } from '../stub/behaviour.ts';

const CONNECTIONS = 256;
const SHARE_OF_CAPACITY = 0.3;

export const stragglers: Scenario = {
  name: 'stragglers',
  question: 'What do hedged reads save when one read of a hundred takes 50 ms more, and what do they cost?',
  async run(lab) {
    await lab.stub.behave({ ...REALISTIC, stragglers: { share: 0.01, extraMs: 50 } });
    const server = await lab.startTopshelf(PATIENT);
    const nextUser = createSequence(REALISTIC.users);
    const rate = SHARE_OF_CAPACITY * (await capacityOf(server.api, nextUser));
    const load = { connections: CONNECTIONS, nextUser, rate };
    const arms = await alternate(lab, [
      { name: 'hedged', server, load },
      { name: 'unhedged', server: await lab.startTopshelf({ ...PATIENT, ...WITHOUT_HEDGING }), load },
    ] as const);
    const { hedged, unhedged } = arms;
    return {
      arms,
      ratios: [
        timedRatio(
          'stragglers, hedged ÷ unhedged: p99.9',
          { atMost: 0.4 },
          hedged.latencyMs.p999 / unhedged.latencyMs.p999,
          [hedged, unhedged],
        ),
        timedRatio(
          'stragglers, hedged ÷ unhedged: keys read',
          { atMost: 1.05 },
          hedged.keysPerRequest / unhedged.keysPerRequest,
          [hedged, unhedged],
        ),
      ],
    };
  },
};
