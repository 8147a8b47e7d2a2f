import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startDemo } from '../support/demo.ts';
import { ROOT } from './dockerfile.ts';

const REGISTER = join(ROOT, 'deploy/otel/register.ts');
const CANARY = 'canary-7f3a';
// Of a caller who traces its own request.
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const traced = { traceparent: `00-${TRACE}-00f067aa0ba902b7-01` };
const untraced = { traceparent: `00-${TRACE}-00f067aa0ba902b7-00` };

/** The demo with traces, which go to its output at once. */
async function startTraced() {
  const environment = {
    OTEL_TRACES_EXPORTER: 'console',
    OTEL_TRACES_SAMPLER_ARG: '1',
    OTEL_BSP_SCHEDULE_DELAY: '50',
  };
  const { server, output } = await startDemo(environment, ['--import', REGISTER]);
  return {
    ...server,
    output,
    names: () => [...output().matchAll(/^ {2}name: '(.*)'/gm)].map(([, name]) => name),
  };
}

it('traces have a span for each request of the API, in the caller’s trace, without the user’s id', async () => {
  const { api, ops, output, names } = await startTraced();
  await fetch(`${api}/recommendations/${CANARY}?exclude=${CANARY}`, { headers: traced });
  await fetch(`${api}/recommendations/${CANARY}?limit=0`);
  await fetch(`${api}/recommendations/${CANARY}`, { headers: untraced });
  await fetch(`${ops}/readyz`);
  const body = JSON.stringify({ userIds: [CANARY] });
  const headers = { 'content-type': 'application/json' };
  await fetch(`${api}/recommendations`, { method: 'POST', body, headers });

  const get = 'GET /recommendations/{userId}';
  await expect.poll(names, { timeout: 10_000 }).toEqual([get, get, 'POST /recommendations']);
  expect(output().match(new RegExp(`^ {2}traceId: '${TRACE}'`, 'gm'))).toHaveLength(1);
  expect(
    output()
      .match(/'http\.(?:response\.)?status_code': \d+/g)
      ?.map((text) => text.slice(-3)),
  ).toEqual(['200', '400', '200']);
  expect(output()).toContain(`'service.name': 'topshelf'`);
  expect(output()).not.toContain(CANARY);
});
