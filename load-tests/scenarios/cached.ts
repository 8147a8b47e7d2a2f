import { createRandom, createUniform } from '../draw.ts';
import { alternate } from '../measure.ts';
import { cpuRatio } from '../ratios.ts';
import { CONNECTIONS, type Scenario } from '../scenario.ts';
import { fillCache } from '../server.ts';
import { AT_ONCE } from '../stub/behaviour.ts';

const USERS = 1000;

export const cached: Scenario = {
  name: 'cached',
  question: 'What does an answer from memory cost beside a route that answers with a constant?',
  isQuick: true,
  async run(lab) {
    await lab.stub.behave(AT_ONCE);
    const load = { connections: CONNECTIONS, nextUser: createUniform(USERS, createRandom(1)) };
    const topshelf = await lab.startTopshelf();
    await fillCache(
      topshelf.api,
      Array.from({ length: USERS }, (_, user) => user),
    );
    const needed = [
      { name: 'bare Fastify', server: await lab.startPeer('bare-fastify'), load },
      { name: 'topshelf', server: topshelf, load },
    ] as const;
    const beside = lab.quick
      ? []
      : ([
          { name: 'bare http', server: await lab.startPeer('bare-http'), load },
          { name: 'DocumentClient + LRU', server: await lab.startPeer('document-client-lru'), load },
        ] as const);
    const arms = await alternate(lab, [...needed, ...beside]);
    return {
      arms,
      ratios: [
        cpuRatio(
          'cached: CPU per request ÷ bare Fastify',
          { atMost: 1.15 },
          arms.topshelf,
          arms['bare Fastify'],
          [arms.topshelf],
        ),
      ],
    };
  },
};
