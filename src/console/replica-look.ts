import { messageOf } from '../domain/errors.ts';
import {
  askReplicas,
  type MeasuredReplicas,
  type ReplicaDirectory,
  type ReplicaStatus,
} from '../publishing/replicas.ts';
import { createRates } from './rates.ts';
import type { Rates, ReplicaView } from './views.ts';

/** All replicas as they were found at one moment. */
export interface ReplicaLook {
  /** Why it is not known which there are; null where it is. */
  readonly problem: string | null;
  /** What each serves and answers of a placement. */
  of(placement: string, signal: AbortSignal): Promise<ReplicaView[]>;
}

interface Answers {
  readonly status: Promise<ReplicaStatus>;
  readonly rates: ReadonlyMap<string, Rates> | null;
  readonly ratesProblem: string | null;
}

/** Returns what looks at every replica there is, each once whatever the number of placements. It never rejects. */
export function createReplicaLook(
  directory: MeasuredReplicas,
): (signal: AbortSignal) => Promise<ReplicaLook> {
  const rates = createRates();

  async function askOne(replica: string, signal: AbortSignal): Promise<Answers> {
    const status = directory.ask(replica, signal);
    status.catch(() => undefined); // told of where it is awaited
    try {
      const text = await directory.metrics(replica, signal);
      return { status, rates: rates.observe(replica, text, Date.now()), ratesProblem: null };
    } catch (error) {
      return { status, rates: null, ratesProblem: messageOf(error) };
    }
  }

  return async (signal) => {
    try {
      const names = await directory.list(signal);
      rates.keep(names);
      const answers = new Map(
        await Promise.all(names.map(async (name) => [name, await askOne(name, signal)] as const)),
      );
      const asked: ReplicaDirectory = {
        name: directory.name,
        list: async () => names,
        ask: (name) => answers.get(name)?.status ?? directory.ask(name, signal),
      };
      return {
        problem: null,
        of: async (placement, abort) =>
          (await askReplicas(asked, placement, abort)).map((report) => {
            const { rates: all = null, ratesProblem = null } = answers.get(report.replica) ?? {};
            return { ...report, rates: all?.get(placement) ?? null, ratesProblem };
          }),
      };
    } catch (error) {
      return { problem: messageOf(error), of: async () => [] };
    }
  };
}
