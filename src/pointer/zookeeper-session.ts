import { setTimeout as delay } from 'node:timers/promises';
import zookeeper from 'node-zookeeper-client';
import { TopshelfError } from '../domain/errors.ts';
import { bounded } from './bounded.ts';
import { openLink, type ZooKeeperLink } from './zookeeper-link.ts';

export interface ZooKeeperSessionOptions {
  /** `host:port` of each server. */
  readonly hosts: readonly string[];
  /** `user:password`. */
  readonly digest: string | undefined;
  /** Milliseconds for one operation, waiting for a connection included. */
  readonly deadlineMs: number;
  /** Called when an open connection was lost, and every watch with it. */
  readonly onLost: () => void;
}

export interface ZooKeeperSession {
  /**
   * Runs `operation` on a live connection, made when there is none. Rejects with UnreachableError, or with the
   * operation's own exception as its cause.
   */
  run<T>(what: string, signal: AbortSignal, operation: (client: zookeeper.Client) => Promise<T>): Promise<T>;
  close(): void;
}

/**
 * Milliseconds before a lost connection is made anew: doubled at each failure, jittered by half, and never so long that
 * an ensemble that is back is not followed within half a minute.
 */
const FIRST_BACKOFF_MS = 200;
const MAX_BACKOFF_MS = 10_000;

const { NO_NODE, NO_AUTH, BAD_VERSION, NODE_EXISTS, INVALID_ACL } = zookeeper.Exception;
/** Codes by which a server answers the question. Any other is a doubt about the connection. */
const ANSWERS = new Set([NO_NODE, NO_AUTH, BAD_VERSION, NODE_EXISTS, INVALID_ACL]);

/**
 * A connection that is thrown away and made anew at the first doubt: a lost link, an expired session, an operation
 * that misses its deadline. node-zookeeper-client never notices a dead link and never recovers from an expiry.
 */
export function createZooKeeperSession(options: ZooKeeperSessionOptions): ZooKeeperSession {
  const { hosts, digest, deadlineMs } = options;
  const closing = new AbortController();
  // Room for one server that does not answer before one that does.
  const connectMs = deadlineMs / (hosts.length + 1);
  let link: Promise<ZooKeeperLink> | undefined;
  // Servers start at different hosts, so that they spread over the ensemble.
  let turn = Math.floor(Math.random() * hosts.length);
  let failures = 0;
  let notBefore = 0;

  /** False where somebody else has noticed already. */
  const forget = (lost: Promise<ZooKeeperLink>): boolean => {
    if (link !== lost) return false;
    link = undefined;
    const backoff = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** failures++);
    notBefore = performance.now() + backoff * (0.5 + Math.random() / 2);
    return true;
  };
  const connect = (): Promise<ZooKeeperLink> => {
    const made: Promise<ZooKeeperLink> = tryEachHost(() => {
      if (forget(made) && !closing.signal.aborted) options.onLost();
    });
    made.catch(() => forget(made));
    return made;
  };
  const tryEachHost = async (onLost: () => void): Promise<ZooKeeperLink> => {
    await delay(Math.max(0, notBefore - performance.now()), undefined, {
      signal: closing.signal,
      ref: false,
    });
    for (let tries = 1; ; tries++) {
      const host = hosts[turn++ % hosts.length] ?? '';
      try {
        const opened = await openLink({ host, digest, connectMs, onLost });
        if (!closing.signal.aborted) return opened;
        opened.drop();
        throw new Error('closed');
      } catch (error) {
        if (tries >= hosts.length || closing.signal.aborted) throw error;
      }
    }
  };

  return {
    run(what, signal, operation) {
      return bounded({ what, signal, closed: closing.signal, deadlineMs }, async () => {
        const current = (link ??= connect());
        const { client, drop } = await current;
        const doubt = () => {
          if (forget(current)) options.onLost();
          drop();
        };
        // Not the caller's deadline: a link is dead, too, when whoever asked has long gone.
        const late = setTimeout(doubt, deadlineMs);
        try {
          const result = await operation(client);
          failures = 0;
          return result;
        } catch (error) {
          // An operation that words the server's answer itself has had one, too.
          if (isAnswer(error) || error instanceof TopshelfError) failures = 0;
          else doubt();
          throw error;
        } finally {
          clearTimeout(late);
        }
      });
    },
    close() {
      closing.abort();
      link?.then(
        ({ drop }) => drop(),
        () => undefined,
      );
    },
  };
}

/** Whether a server said it, as opposed to a connection that failed. */
export function isAnswer(error: unknown, code?: number): boolean {
  if (!(error instanceof Error) || !('getCode' in error)) return false;
  const said = (error as zookeeper.Exception).getCode();
  return code === undefined ? ANSWERS.has(said) : said === code;
}
