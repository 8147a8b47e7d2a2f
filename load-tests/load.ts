import autocannon from 'autocannon';
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { userIdOf } from './draw.ts';

/** What to send, and how. */
export interface Load {
  readonly connections: number;
  /** Draws the number of the next request's user. */
  readonly nextUser: () => number;
  /** Requests a second in all, evenly spread. Without it a connection sends as soon as it has its answer. */
  readonly rate?: number;
}

/** So many seconds, or until this resolves. */
export type Duration = number | Promise<unknown>;

/** What came back. */
export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  /** Broken connections, timeouts, and answers other than 200. */
  readonly errors: number;
  /** Answers that say they are personalized; of a peer, which says nothing, none. */
  readonly personalized: number;
  /** Answers that came later than `DEADLINE_MS`. */
  readonly late: number;
  readonly latencyMs: Latencies;
}

/** What a request to topshelf may take as it is configured by default, and some milliseconds for the way. */
export const DEADLINE_MS = 110;

export interface Latencies {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/**
 * The parts of autocannon's client that pacing needs. The version in the lock file has them; `assertPaceable` says so
 * where a later one has not.
 */
interface Client extends autocannon.Client {
  readonly destroyed: boolean;
  getRequestBuffer(): Buffer;
  _doRequest(): void;
}

const PERSONALIZED = '"source":"personalized"';
const MICROSECONDS_PER_MS = 1000;
const LONGEST_MS = 60_000;
/** autocannon looks this often whether it is time to stop. */
const SAMPLE_MS = 100;
const MAX_SECONDS = 1800;
/**
 * What is due before this opens the connections, all in one go, which takes some 40 ms: in a run of seconds that was the
 * whole of p99.9. Shops keep theirs open; so latency counts from here on.
 */
const OPENING_MS = 250;

/**
 * Loads `url` with autocannon for so many seconds, or until a promise resolves. With a rate, latency counts from when a
 * request was due, if its connection was still waiting for an answer by then, so that a server that stalls is charged
 * with every request it held up: the correction for coordinated omission. autocannon's own `overallRate` is not used: it
 * sends a second's requests back to back at the beginning of that second, and corrects by 1 ms whatever the rate.
 */
export async function applyLoad(url: string, duration: Duration, load: Load): Promise<LoadResult> {
  const { connections, nextUser, rate } = load;
  const latencies = createHistogram({ lowest: 1, highest: LONGEST_MS * MICROSECONDS_PER_MS, figures: 3 });
  const { host } = new URL(url);
  let requests = 0;
  let personalized = 0;
  let late = 0;
  let connection = 0;
  const start = performance.now();

  function setUp(given: autocannon.Client): void {
    const client = given as Client;
    assertPaceable(client);
    let sentFor = 0;
    let isPersonalized = false;
    client.getRequestBuffer = () => {
      const path = `/recommendations/${userIdOf(nextUser())}`;
      return Buffer.from(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: keep-alive\r\n\r\n`, 'latin1');
    };
    const paced = rate === undefined ? undefined : createPace(start, connection++, connections, rate);
    const send = client._doRequest.bind(client);
    const sendNow = (intended: number) => {
      if (client.destroyed) return;
      sentFor = intended;
      isPersonalized = false;
      send();
    };
    client._doRequest = () => {
      const now = performance.now();
      const due = paced?.() ?? now;
      // Woken late is the generator's own doing: then latency counts from when the request really left.
      if (due > now) setTimeout(() => sendNow(performance.now()), due - now);
      else sendNow(due);
    };
    client.on('body', (chunk: Buffer) => {
      isPersonalized ||= chunk.includes(PERSONALIZED);
    });
    client.on('response', () => {
      requests += 1;
      if (isPersonalized) personalized += 1;
      if (sentFor < start + OPENING_MS) return;
      const ms = performance.now() - sentFor;
      if (ms > DEADLINE_MS) late += 1;
      record(latencies, ms);
    });
  }

  const seconds = typeof duration === 'number' ? duration : MAX_SECONDS;
  const ended = Promise.withResolvers<autocannon.Result>();
  const cannon = autocannon(
    { url, connections, duration: seconds, setupClient: setUp, sampleInt: SAMPLE_MS },
    (error: unknown, result) => (error ? ended.reject(error) : ended.resolve(result)),
  );
  if (typeof duration !== 'number') void duration.finally(() => cannon.stop?.());
  const { errors, non2xx } = await ended.promise;
  return {
    requests,
    seconds: (performance.now() - start) / 1000,
    errors: errors + non2xx,
    personalized,
    late,
    latencyMs: summarize(latencies),
  };
}

/** Gives each request of a connection the time at which it is due; connections take turns. */
export function createPace(start: number, index: number, connections: number, rate: number): () => number {
  const between = (connections * 1000) / rate;
  let due = start + (index * 1000) / rate - between;
  return () => (due += between);
}

function assertPaceable(client: Client): void {
  if (typeof client._doRequest !== 'function' || typeof client.getRequestBuffer !== 'function') {
    throw new Error('this autocannon sends requests another way; see Client in load-tests/load.ts');
  }
}

function record(histogram: RecordableHistogram, ms: number): void {
  histogram.record(
    Math.min(Math.max(1, Math.round(ms * MICROSECONDS_PER_MS)), LONGEST_MS * MICROSECONDS_PER_MS),
  );
}

function summarize(histogram: RecordableHistogram): Latencies {
  const ms = (microseconds: number) => (histogram.count === 0 ? 0 : microseconds / MICROSECONDS_PER_MS);
  return {
    p50: ms(histogram.percentile(50)),
    p99: ms(histogram.percentile(99)),
    p999: ms(histogram.percentile(99.9)),
    max: ms(histogram.max),
  };
}
