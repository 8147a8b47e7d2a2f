import { UnreachableError } from '../../src/domain/errors.ts';
import type { MeasuredReplicas, ReplicaStatus } from '../../src/publishing/replicas.ts';

/** What a replica serves, or why it cannot be asked. */
type Behaviour = ReplicaStatus['placements'] | string;

/** Replicas that say what they are told to; the map may be changed while they are asked. */
export function fakeReplicas(
  behaviours: Record<string, Behaviour>,
  metrics: Record<string, string> = {},
): MeasuredReplicas {
  return {
    name: 'fake',
    list: async () => Object.keys(behaviours),
    async ask(replica) {
      const behaviour = behaviours[replica] ?? 'gone';
      if (typeof behaviour === 'string') throw new UnreachableError(behaviour);
      return { placements: behaviour };
    },
    async metrics(replica) {
      const text = metrics[replica];
      if (text === undefined) throw new UnreachableError('no metrics');
      return text;
    },
  };
}
