import type { Child } from '../child.ts';
import { userIdOf } from '../draw.ts';
import { timedRatio } from '../ratios.ts';
import type { Scenario } from '../scenario.ts';
import { median } from '../statistics.ts';
import { REALISTIC } from '../stub/behaviour.ts';

const POLL_MS = 5;
const GIVE_UP_MS = 20_000;

export const coldStart: Scenario = {
  name: 'cold-start',
  question: 'How long from the start of the process to the first answer made for the user who asks?',
  async run(lab) {
    await lab.stub.behave(REALISTIC);
    const topshelf: number[] = [];
    const documentClient: number[] = [];
    for (let round = 0; round < lab.rounds; round++) {
      topshelf.push(await secondsToAnswer(() => lab.spawnTopshelf(), 'personalized'));
      documentClient.push(await secondsToAnswer(() => lab.startPeer('document-client'), 'recommendations'));
    }
    return {
      arms: {},
      facts: { 'DocumentClient, s': median(documentClient) },
      ratios: [timedRatio('start to first personalized answer', { atMost: 1 }, median(topshelf), [], 's')],
    };
  },
};

/** Asks until the answer holds `word`, and stops the server. */
async function secondsToAnswer(start: () => Promise<Child>, word: string): Promise<number> {
  const from = performance.now();
  const server = await start();
  let user = 0;
  for (;;) {
    const answer = await fetch(`${server.api}/recommendations/${userIdOf(user++)}`);
    const isDone = (await answer.text()).includes(word);
    const ms = performance.now() - from;
    if (ms > GIVE_UP_MS) throw new Error(`no answer with "${word}" within ${GIVE_UP_MS} ms of the start`);
    if (isDone) {
      await server.stop();
      return ms / 1000;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
