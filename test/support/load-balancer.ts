import { setTimeout as pause } from 'node:timers/promises';
import type { Send } from './paced-load.ts';
import type { ServerProcess } from './program.ts';
import { createCaller, type Caller } from './send.ts';

/** A request that no answer came to after it had been sent. */
export interface LostRequest {
  readonly server: ServerProcess;
  readonly sentAt: number;
  readonly lostAt: number;
  readonly why: string;
}

/** Spreads requests over the servers that are in, as load balancers do. */
export interface LoadBalancer {
  readonly send: Send;
  readonly lost: readonly LostRequest[];
  /** Takes a server in; it goes out some time after it says that it is not ready, or cannot be asked. */
  add(server: ServerProcess): void;
  /** Requests that are under way on a server. */
  inFlight(server: ServerProcess): number;
  close(): Promise<void>;
}

interface Member {
  readonly server: ServerProcess;
  readonly caller: Caller;
  inFlight: number;
  isOut: boolean;
}

const PROBE_MS = 50;

/** `lagMs` is asked for the time from a server's word that it is not ready to the last request it gets. */
export function createLoadBalancer(lagMs: () => number): LoadBalancer {
  const members: Member[] = [];
  const lost: LostRequest[] = [];
  const probing: Promise<void>[] = [];
  let isClosed = false;
  let turn = 0;

  async function probe(member: Member): Promise<void> {
    const { ops } = member.server;
    while (!isClosed && !member.isOut) {
      const status = await fetch(`${ops}/readyz`).then(
        (answer) => answer.status,
        () => 0,
      );
      if (status === 200) {
        await pause(PROBE_MS);
        continue;
      }
      await pause(lagMs());
      member.isOut = true;
    }
  }

  const send: Send = async (method, path, body) => {
    for (;;) {
      const those = members.filter(({ isOut }) => !isOut);
      const member = those[turn++ % those.length];
      if (member === undefined) return { status: 0, text: 'no server is in' };
      member.inFlight += 1;
      const sentAt = performance.now();
      const answer = await member.caller.send(method, path, body);
      member.inFlight -= 1;
      if (answer.status !== 0) return answer;
      // Nothing was sent where there was no connection to be had: every load balancer asks another server then.
      if (answer.text.includes('ECONNREFUSED')) {
        member.isOut = true;
        continue;
      }
      lost.push({ server: member.server, sentAt, lostAt: performance.now(), why: answer.text });
      return answer;
    }
  };

  return {
    send,
    lost,
    add(server) {
      const member: Member = { server, caller: createCaller(server.api), inFlight: 0, isOut: false };
      members.push(member);
      probing.push(probe(member));
    },
    inFlight: (server) =>
      members.reduce((sum, member) => sum + (member.server === server ? member.inFlight : 0), 0),
    async close() {
      isClosed = true;
      await Promise.all(probing);
      for (const { caller } of members) caller.close();
    },
  };
}
