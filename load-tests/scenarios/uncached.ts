import { createSequence } from '../draw.ts';
import { alternate } from '../measure.ts';
import { cpuRatio } from '../ratios.ts';
import { CONNECTIONS, PATIENT, type Scenario } from '../scenario.ts';
import { AT_ONCE } from '../stub/behaviour.ts';

export const uncached: Scenario = {
  name: 'uncached',
  question: 'What does an answer cost whose user must be read from a table that answers at once?',
  isQuick: true,
  async run(lab) {
    await lab.stub.behave(AT_ONCE);
    // No user comes twice, so no cache ever has one.
    const load = { connections: CONNECTIONS, nextUser: createSequence(AT_ONCE.users) };
    const arms = await alternate(lab, [
      { name: 'bare Fastify', server: await lab.startPeer('bare-fastify'), load },
      { name: 'topshelf', server: await lab.startTopshelf(PATIENT), load },
      { name: 'DocumentClient', server: await lab.startPeer('document-client'), load },
    ] as const);
    return {
      arms,
      ratios: [
        cpuRatio(
          'uncached: CPU per request, DocumentClient ÷ topshelf',
          { atLeast: 25 },
          arms.DocumentClient,
          arms.topshelf,
          [arms.topshelf],
        ),
        cpuRatio(
          'uncached: CPU per request ÷ bare Fastify',
          { atMost: 1.9 },
          arms.topshelf,
          arms['bare Fastify'],
          [arms.topshelf],
        ),
      ],
    };
  },
};
