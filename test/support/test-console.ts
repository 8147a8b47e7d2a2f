import { onTestFinished } from 'vitest';
import { buildConsole, type ConsoleOptions } from '../../src/console/console.ts';
import type { PublisherContext } from '../../src/publishing/context.ts';

export const TOKEN = 'a-token-that-is-long-enough';
const AUTHORIZATION = { authorization: `Bearer ${TOKEN}` };

/** A console over the adapters of `context`, with requests in few words; it closes with the test. */
export async function openConsole(context: PublisherContext, options: Partial<ConsoleOptions> = {}) {
  const log: unknown[] = [];
  const logger = {
    info: (...args: unknown[]) => log.push(args),
    error: (...args: unknown[]) => log.push(args),
  };
  const app = await buildConsole({
    ...{ context, replicas: undefined, titles: new Map(), token: TOKEN, hosts: [] },
    logger,
    ...options,
  });
  onTestFinished(() => app.close());
  const answered = (response: { statusCode: number; headers: object; json(): unknown }) => ({
    status: response.statusCode,
    headers: response.headers as Record<string, string>,
    body: response.json() as Record<string, never>,
  });
  return {
    app,
    log,
    get: async <T>(path: string) => (await app.inject(`/api/placements${path}`)).json<T>(),
    look: async (path: string) => answered(await app.inject(`/api/placements${path}`)),
    /** Posts with the token, unless other headers are given. */
    post: async (path: string, payload: object, headers: Record<string, string> = AUTHORIZATION) =>
      answered(await app.inject({ method: 'POST', url: `/api/placements${path}`, payload, headers })),
  };
}
