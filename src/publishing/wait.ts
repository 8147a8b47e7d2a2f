import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../domain/errors.ts';
import { askReplicas, reportText, type ReplicaDirectory, type ReplicaReport } from './replicas.ts';

export interface WaitRequest {
  readonly placement: string;
  /** What was written: a replica that reports it, or a later one, has it. */
  readonly epoch: number;
  readonly timeoutMs: number;
  /** Milliseconds between two rounds. */
  readonly intervalMs?: number;
}

/** How the wait ended; `isEverywhere` is never true without a replica that said so. */
export interface Waited {
  readonly isEverywhere: boolean;
  /** What each replica reported in the last round. */
  readonly replicas: readonly ReplicaReport[];
  /** Who does not have it, or why nobody could be asked: one line each; empty where it is everywhere. */
  readonly laggards: readonly string[];
}

/** Rounds in a row that must find every replica there: one that came between two resolutions is then seen too. */
const ROUNDS = 2;
const INTERVAL_MS = 500;

/**
 * Resolves when every replica has reported the epoch or a later one in two rounds in a row, each with a resolution of
 * its own, or when the time is over. Rejects only where `signal` aborts.
 */
export async function waitForReplicas(
  directory: ReplicaDirectory,
  { placement, epoch, timeoutMs, intervalMs = INTERVAL_MS }: WaitRequest,
  signal: AbortSignal,
): Promise<Waited> {
  const deadline = performance.now() + timeoutMs;
  for (let inARow = 0; ;) {
    const round = await look(directory, placement, epoch, signal);
    signal.throwIfAborted();
    inARow = round.laggards.length === 0 ? inARow + 1 : 0;
    if (inARow === ROUNDS) return { isEverywhere: true, ...round };
    if (performance.now() + intervalMs > deadline) {
      const unconfirmed = ['every replica has it, but there was no time to look a second time'];
      const laggards = round.laggards.length === 0 ? unconfirmed : round.laggards;
      return { isEverywhere: false, replicas: round.replicas, laggards };
    }
    await delay(intervalMs, undefined, { signal });
  }
}

async function look(
  directory: ReplicaDirectory,
  placement: string,
  epoch: number,
  signal: AbortSignal,
): Promise<Omit<Waited, 'isEverywhere'>> {
  try {
    const replicas = await askReplicas(directory, placement, signal);
    if (replicas.length === 0) return { replicas, laggards: [`${directory.name}: no replica at all`] };
    const behind = replicas.filter((report) => report.epoch === null || report.epoch < epoch);
    return { replicas, laggards: behind.map((report) => `${report.replica} ${reportText(report)}`) };
  } catch (error) {
    return { replicas: [], laggards: [`${directory.name}: ${messageOf(error)}`] };
  }
}
