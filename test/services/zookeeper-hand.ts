import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import zookeeper from 'node-zookeeper-client';

/** What a person with ZooKeeper's own shell would do, on a connection of its own. */
export interface ZooKeeperHand {
  readonly client: zookeeper.Client;
  /** A root that nobody else uses. */
  readonly root: string;
  /** Makes or changes the pointer of a placement, without a condition. */
  put(placement: string, content: string | Uint8Array): Promise<void>;
  remove(placement: string): Promise<void>;
  close(): Promise<void>;
}

export async function openZooKeeperHand(host: string): Promise<ZooKeeperHand> {
  const client = await connected(zookeeper.createClient(host));
  const root = `/contract-${randomUUID()}`;
  const pathOf = (placement: string) => `${root}/${placement}/pointer.json`;
  const make = async (path: string, data: Buffer | null) => {
    const exists = promisify<string, zookeeper.Stat | null>((at, done) => client.exists(at, done));
    if ((await exists(path)) !== null) return false;
    await promisify<string, string>((at, done) =>
      client.create(at, data, zookeeper.ACL.OPEN_ACL_UNSAFE, zookeeper.CreateMode.PERSISTENT, done),
    )(path);
    return true;
  };
  return {
    client,
    root,
    async put(placement, content) {
      await make(root, null);
      await make(`${root}/${placement}`, null);
      const data = Buffer.from(content);
      if (await make(pathOf(placement), data)) return;
      await promisify<string, zookeeper.Stat>((at, done) => client.setData(at, data, -1, done))(
        pathOf(placement),
      );
    },
    async remove(placement) {
      await promisify((at: string, done: zookeeper.Callback<[]>) => client.remove(at, -1, done))(
        pathOf(placement),
      );
    },
    close: () => closed(client),
  };
}

/** Ends a session from outside, as its expiry would: a second client takes it over and closes it. */
export async function endSession(host: string, session: ZooKeeperSessionKey): Promise<void> {
  await closed(await connected(zookeeper.createClient(host, session)));
}

export interface ZooKeeperSessionKey {
  readonly sessionId: Buffer;
  readonly sessionPassword: Buffer;
}

/** The session that a server's first reply on a connection grants: length, version and timeout come before it. */
export function sessionIn(firstReply: Buffer): ZooKeeperSessionKey {
  return { sessionId: firstReply.subarray(12, 20), sessionPassword: firstReply.subarray(24, 40) };
}

async function connected(client: zookeeper.Client): Promise<zookeeper.Client> {
  client.connect();
  await new Promise((resolve) => client.once('connected', resolve));
  return client;
}

async function closed(client: zookeeper.Client): Promise<void> {
  const gone = new Promise((resolve) => client.once('disconnected', resolve));
  client.close();
  await gone;
}
