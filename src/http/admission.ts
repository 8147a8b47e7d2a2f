import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ConcurrencyLimit } from '../resilience/concurrency-limit.ts';
import type { Source } from '../serving/answer.ts';

/** What a request is measured by; whoever handles it sets what becomes known later. */
export interface RequestLabels {
  route: string | undefined;
  placement: string | undefined;
  source: Source | undefined;
}

/** One request that ended, for whoever counts it. */
export interface EndedRequest extends Readonly<RequestLabels> {
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
}

export interface AdmissionOptions {
  /** Requests under way. */
  readonly requests: ConcurrencyLimit;
  /** While true every answer closes its connection, so that none is idle when the listener ends. */
  readonly isDraining: () => boolean;
  readonly onRequestEnded: (ended: EndedRequest) => void;
}

/** Lets requests in while there are places for them, and measures those that end. */
export interface Admission {
  /** Takes a place for a request until its response is closed, which is measured then; false where there is none. */
  admit(request: IncomingMessage, response: ServerResponse, labels: RequestLabels): boolean;
}

/**
 * Requests of one connection that are under way at once, sent without waiting for answers. Whoever never reads the answers
 * keeps so many places until the connection is cut off, and not all there are.
 */
export const MAX_PER_CONNECTION = 16;
// A property of the connection: a map from connections would cost more than all else that is counted.
const UNDER_WAY = Symbol('requests under way');
type Connection = Socket & { [UNDER_WAY]?: number };

export function createAdmission({ requests, isDraining, onRequestEnded }: AdmissionOptions): Admission {
  return {
    admit(request, response, labels) {
      if (isDraining()) response.setHeader('connection', 'close');
      const connection: Connection = request.socket;
      const { [UNDER_WAY]: underWay = 0 } = connection;
      if (underWay >= MAX_PER_CONNECTION || !requests.tryEnter()) return false;
      connection[UNDER_WAY] = underWay + 1;
      const startedAt = performance.now();
      // Fastify's own hook for the end costs several times as much, and is not called when a caller has left.
      response.on('close', () => {
        requests.leave();
        connection[UNDER_WAY] = (connection[UNDER_WAY] ?? 1) - 1;
        if (!response.writableEnded) return;
        const { route = 'none', placement, source } = labels;
        const seconds = (performance.now() - startedAt) / 1000;
        onRequestEnded({ route, placement, source, status: response.statusCode, seconds });
      });
      return true;
    },
  };
}
