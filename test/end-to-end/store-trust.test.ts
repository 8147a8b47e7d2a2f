import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { wrongAmong } from '../support/answer-statistics.ts';
import { recordFigure } from '../support/figures.ts';
import { startPacedLoad, type PacedLoad } from '../support/paced-load.ts';
import { scrapeOf, total } from '../support/scrape.ts';
import { createCaller } from '../support/send.ts';
import type { StubDynamoDb } from '../support/stub-dynamodb.ts';
import { GOLDEN, NEXT, sealItem, startOnStub, USERS, VERSION } from '../support/stub-shop.ts';
import { pointerTo } from '../support/versions.ts';

const HOUR_MS = 3_600_000;
// DynamoDB's own tolerance.
const TOLERATED_MS = 5 * 60_000;

/** The stub's clock is off from ours, and it refuses signatures that are off from its own. */
function setClock(stub: StubDynamoDb, offsetMs: number): { refused: number } {
  const seen = { refused: 0 };
  stub.fault = ({ amzDate }) => {
    const now = Date.now() + offsetMs;
    const signedAt = Date.parse(amzDate.replace(/^(....)(..)(..T..)(..)/, '$1-$2-$3:$4:'));
    if (Math.abs(signedAt - now) < TOLERATED_MS) return undefined;
    seen.refused += 1;
    return { kind: 'exception', name: 'InvalidSignatureException', date: new Date(now) };
  };
  return seen;
}

function loadOn(api: string, seed: number): PacedLoad {
  const caller = createCaller(api);
  onTestFinished(() => caller.close());
  return startPacedLoad({
    send: caller.send,
    goldens: new Map([
      [VERSION, GOLDEN],
      [NEXT.seal.version, GOLDEN],
    ]),
    users: USERS,
    perSecond: 200,
    seed,
  });
}
const degradedAmong = ({ answers }: PacedLoad) =>
  answers.filter(({ reason }) => reason !== '' && reason !== 'unknown-user');

describe('a clock that is wrong', () => {
  it.each([
    ['hours behind the store’s from the start', [3 * HOUR_MS]],
    ['hours ahead of the store’s from the start', [-3 * HOUR_MS]],
    ['stepped back and forth under load', [0, 2 * HOUR_MS, -5 * HOUR_MS, 0]],
  ])(
    '%s: is corrected with the first refusal, and no caller notices',
    { timeout: 60_000 },
    async (_, steps) => {
      const [first = 0, ...others] = steps;
      let seen = { refused: 0 };
      const { stub, server } = await startOnStub((started) => (seen = setClock(started, first)));
      const load = loadOn(server.api, first);
      await pause(700);
      let refused = seen.refused;
      for (const offset of others) {
        seen = setClock(stub, offset);
        await pause(700);
        refused += seen.refused;
      }
      await load.stop();

      expect(wrongAmong(load.answers)).toEqual([]);
      // A machine that is busy may let time run out for a few: that is not the clock's doing.
      expect(degradedAmong(load).filter(({ reason }) => reason === 'store-error')).toEqual([]);
      // Those under way when a clock steps are refused once each, and none after them.
      expect(refused).toBeLessThanOrEqual(steps.length * 40);
      recordFigure(18, {
        test: 'a clock that is wrong by hours',
        tried: load.answers.length,
        result: `0 errors, ${refused} requests signed a second time`,
      });
    },
  );
});

describe('a pointer whose table cannot be trusted', () => {
  it.each([
    ['has no seal', undefined, 'unsealed'],
    ['has a seal of the wrong types', '{"schemaVersion":1,"placement":5}', 'store-error'],
    ['has a seal that is cut off', '{"schemaVersion":1,"placement":"ho', 'store-error'],
    ['has the seal of another version', JSON.stringify({ ...NEXT.seal, version: 'other' }), 'seal-mismatch'],
  ])(
    'because it %s: is not adopted, which is counted, and is when the seal is right',
    { timeout: 60_000 },
    async (_, seal, reason) => {
      const { stub, server, activate } = await startOnStub();
      const load = loadOn(server.api, 7);
      if (seal !== undefined) stub.put(NEXT.table, sealItem(NEXT, seal));
      await activate(pointerTo(NEXT, 2));
      const rejections = async () =>
        total(await scrapeOf(server), 'topshelf_pointer_rejections_total', `reason="${reason}"`);
      await expect.poll(rejections, { timeout: 10_000 }).toBeGreaterThanOrEqual(2);
      const until = load.answers.length;
      expect([...new Set(load.answers.map(({ version }) => version))]).toEqual([VERSION]);

      stub.put(NEXT.table, sealItem(NEXT));
      const isAdopted = () => load.answers.slice(until).some(({ version }) => version === NEXT.seal.version);
      await expect.poll(isAdopted, { timeout: 20_000 }).toBe(true);
      await load.stop();
      expect(wrongAmong(load.answers)).toEqual([]);
    },
  );
});
