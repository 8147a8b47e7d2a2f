import * as z from 'zod';
import { messageOf } from '../domain/errors.ts';

/** What one replica says of itself at `/status`: for each placement it follows, what it serves (null: nothing yet). */
export const replicaStatusSchema = z.object({
  placements: z.array(
    z.object({
      placement: z.string(),
      epoch: z.number().nullable(),
      version: z.string().nullable(),
      table: z.string().nullish(),
    }),
  ),
});
export type ReplicaStatus = z.infer<typeof replicaStatusSchema>;

/** The servers of an installation: who they are at this moment, and what each serves. */
export interface ReplicaDirectory {
  /** How it was given, for messages: `dns:topshelf:9464`. */
  readonly name: string;
  /**
   * The replicas there are now, found anew at each call, because they come and go; empty where there is none. Rejects
   * with UnreachableError where that cannot be found out.
   */
  list(signal: AbortSignal): Promise<string[]>;
  /** What a replica serves. Rejects with UnreachableError, which says why it could not be asked. */
  ask(replica: string, signal: AbortSignal): Promise<ReplicaStatus>;
}

/** Replicas that can be asked for their metrics too. */
export interface MeasuredReplicas extends ReplicaDirectory {
  /** All metrics of a replica, as Prometheus reads them. Rejects as `ask` does. */
  metrics(replica: string, signal: AbortSignal): Promise<string>;
}

/** What one replica serves of one placement, or why it could not be asked. */
export interface ReplicaReport {
  readonly replica: string;
  /** Null where it serves nothing of the placement, or could not be asked. */
  readonly epoch: number | null;
  readonly version: string | null;
  readonly table: string | null;
  /** Why the replica could not be asked; null where it answered. */
  readonly problem: string | null;
}

/** Asks every replica there is now. Rejects as `list` does; a replica that cannot be asked is part of the reports. */
export async function askReplicas(
  directory: ReplicaDirectory,
  placement: string,
  signal: AbortSignal,
): Promise<ReplicaReport[]> {
  const replicas = await directory.list(signal);
  return Promise.all(
    replicas.map(async (replica): Promise<ReplicaReport> => {
      const nothing = { replica, epoch: null, version: null, table: null, problem: null };
      try {
        const { placements } = await directory.ask(replica, signal);
        const found = placements.find((each) => each.placement === placement);
        if (found === undefined) return nothing;
        const { epoch, version, table = null } = found;
        return { replica, epoch, version, table, problem: null };
      } catch (error) {
        return { ...nothing, problem: messageOf(error) };
      }
    }),
  );
}

/** What a replica reported, in words that follow its name. */
export function reportText({ epoch, version, problem }: ReplicaReport): string {
  if (problem !== null) return `could not be asked: ${problem}`;
  return epoch === null ? 'serves nothing of this placement' : `serves version ${version} at epoch ${epoch}`;
}
