import { join } from 'node:path';
import { startChild } from '../child.ts';
import { LOAD_CORE } from '../proc.ts';
import type { Behaviour, Counts } from './behaviour.ts';

/** The stub DynamoDB, seen from outside its process. */
export interface Stub {
  readonly endpoint: string;
  behave(as: Behaviour): Promise<void>;
  counts(): Promise<Counts>;
  stop(): Promise<void>;
}

export async function startStub(): Promise<Stub> {
  const child = await startChild(LOAD_CORE, [join(import.meta.dirname, 'main.ts')], {});
  return {
    endpoint: child.api,
    async behave(as) {
      await fetch(`${child.api}/control`, { method: 'PUT', body: JSON.stringify(as) });
    },
    async counts() {
      return (await (await fetch(`${child.api}/counts`)).json()) as Counts;
    },
    stop: () => child.stop(),
  };
}
