import { createRandom, createZipf } from '../draw.ts';
import { alternate, type Measured } from '../measure.ts';
import { CONNECTIONS, PATIENT, type Scenario } from '../scenario.ts';
import { REALISTIC } from '../stub/behaviour.ts';

const USERS = 1_000_000;

export const zipf: Scenario = {
  name: 'zipf',
  question: 'What does an answer cost when a million users come as often as visitors of a shop do?',
  async run(lab) {
    await lab.stub.behave(REALISTIC);
    const load = { connections: CONNECTIONS, nextUser: createZipf(USERS, createRandom(1)) };
    const arms = await alternate(lab, [
      { name: 'topshelf', server: await lab.startTopshelf(PATIENT), load },
      { name: 'DocumentClient + LRU', server: await lab.startPeer('document-client-lru'), load },
      { name: 'DocumentClient', server: await lab.startPeer('document-client'), load },
    ] as const);
    const hitRatio = ({ keysPerRequest }: Measured) => 1 - keysPerRequest;
    return {
      arms,
      ratios: [],
      facts: {
        'hit ratio of topshelf': hitRatio(arms.topshelf),
        'hit ratio of DocumentClient + LRU': hitRatio(arms['DocumentClient + LRU']),
      },
    };
  },
};
