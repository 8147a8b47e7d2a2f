import zookeeper from 'node-zookeeper-client';

/** One connection to one ZooKeeper server, with a session of its own: used until the first doubt, then thrown away. */
export interface ZooKeeperLink {
  readonly client: zookeeper.Client;
  /** Ends the session if the server listens, and the connection in any case. */
  readonly drop: () => void;
}

export interface LinkOptions {
  /** `host:port`. */
  readonly host: string;
  /** `user:password`. */
  readonly digest: string | undefined;
  /** Milliseconds for the connection and the session's first answer. */
  readonly connectMs: number;
  /** Called once when the link is of no more use: connection or session lost, or an answer that makes no sense. */
  readonly onLost: () => void;
}

/** Milliseconds; ephemeral nodes, which it is meant for, are not used. The client pings three times in it. */
const SESSION_MS = 10_000;
/** Milliseconds for the server to hear that a session ends. */
const FAREWELL_MS = 300;
/** Bytes. A server's own limit for one reply is 1 MB; more is no ZooKeeper. */
const MAX_REPLY_BYTES = 4 * 1024 * 1024;
/** The client's connection state (ConnectionManager.STATES). */
const CONNECTED = 2;

/** Opens a link. Rejects with Error where the server does not take the connection in time. */
export function openLink(options: LinkOptions): Promise<ZooKeeperLink> {
  const { host, digest, connectMs, onLost } = options;
  const client = zookeeper.createClient(host, { sessionTimeout: SESSION_MS, retries: 0 });
  const manager = client.connectionManager;
  const { promise, resolve, reject } = Promise.withResolvers<ZooKeeperLink>();
  let state: 'opening' | 'open' | 'dropped' = 'opening';

  const drop = () => {
    if (state === 'dropped') return;
    const wasOpen = state === 'open';
    state = 'dropped';
    clearTimeout(timer);
    clearTimeout(manager.connectTimeoutHandler ?? undefined);
    if (wasOpen) client.close();
    // The socket is made a tick after connect(), and a dead server never closes it.
    const destroy = () => manager.socket?.destroy();
    if (wasOpen) setTimeout(destroy, FAREWELL_MS).unref();
    else setImmediate(destroy);
  };
  const lose = (why: string) => {
    const wasOpen = state === 'open';
    if (state === 'dropped') return;
    drop();
    reject(new Error(`${host} ${why}`));
    if (wasOpen) onLost();
  };
  const timer = setTimeout(() => lose(`did not answer within ${connectMs} ms`), connectMs);

  manager.on('state', (to: number) => {
    if (to !== CONNECTED) return;
    clearTimeout(timer);
    state = 'open';
    resolve({ client, drop });
  });
  guardReplies(manager, () => lose('sent what is not a reply of ZooKeeper'));
  if (digest !== undefined) client.addAuthInfo('digest', Buffer.from(digest));
  client.connect();
  // The client's own reconnecting knows no backoff, and after an expiry it never ends: a new link takes its place.
  manager.connect = () => lose('closed the connection');
  manager.on('state', (to: number) => {
    if (to < 0) lose(to === -1 ? 'was left' : 'refused the session or the credentials');
  });
  return promise;
}

/** The client throws at codes and events it does not know, inside the socket's listener: that would end the process. */
function guardReplies(manager: zookeeper.ConnectionManager, onNonsense: () => void): void {
  const handle = manager.onSocketData.bind(manager);
  manager.onSocketData = (data) => {
    try {
      handle(data);
    } catch {
      onNonsense();
    }
    if ((manager.pendingBuffer?.length ?? 0) > MAX_REPLY_BYTES) onNonsense();
  };
}
