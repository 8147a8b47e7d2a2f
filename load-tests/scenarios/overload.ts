import { createSequence } from '../draw.ts';
import { alternate, type Measured } from '../measure.ts';
import { timedRatio } from '../ratios.ts';
import type { Scenario } from '../scenario.ts';
import { capacityOf } from '../server.ts';
import { REALISTIC } from '../stub/behaviour.ts';

const CONNECTIONS = 256;
const TIMES = [0.5, 1, 2, 3] as const;
/** Three times the store's capacity must still be well below the server's own: the store is what is overloaded. */
const SHARE_OF_SERVER = 0.2;

export const overload: Scenario = {
  name: 'overload',
  question: 'What do callers get when they ask for more than the table can give?',
  async run(lab) {
    await lab.stub.behave(REALISTIC);
    const server = await lab.startTopshelf();
    const nextUser = createSequence(REALISTIC.users);
    const capacity = Math.round(SHARE_OF_SERVER * (await capacityOf(server.api, nextUser)));
    await lab.stub.behave({ ...REALISTIC, capacity });
    const arms: Record<string, Measured> = await alternate(
      lab,
      TIMES.map((times) => ({
        name: `${times} × capacity`,
        server,
        load: { connections: CONNECTIONS, nextUser, rate: times * capacity },
      })),
    );
    const [full, thrice] = [arms['1 × capacity']!, arms['3 × capacity']!];
    const personalized = (arm: Measured) => arm.requestsPerSecond * arm.personalizedShare;
    return {
      arms,
      facts: { 'capacity of the store, keys/s': capacity },
      ratios: [
        timedRatio(
          '3 × capacity: personalized answers ÷ those at capacity',
          { atLeast: 0.95 },
          personalized(thrice) / personalized(full),
          [full, thrice],
        ),
        timedRatio('3 × capacity: share answered within the deadline', { atLeast: 1 }, 1 - thrice.lateShare, [
          thrice,
        ]),
        timedRatio('3 × capacity: errors', { atMost: 0 }, thrice.errors, [], 'errors'),
      ],
    };
  },
};
