import { createHash } from 'node:crypto';
import zookeeper from 'node-zookeeper-client';
import { UnreachableError } from '../domain/errors.ts';
import { isPlacement } from '../domain/ids.ts';
import { MAX_POINTER_BYTES } from '../domain/pointer.ts';
import { compareAndSet, type WriteOutcome } from './compare-and-set.ts';
import type { PointerReading, PointerSource, PointerToken } from './pointer-source.ts';
import type { PointerWriter } from './pointer-writer.ts';
import { createZooKeeperSession, isAnswer } from './zookeeper-session.ts';

export interface ZooKeeperPointersOptions {
  /** `host:port,host:port`. */
  readonly hosts: string;
  /** The znode that all placements are under, from `/`; made by the first write. */
  readonly root: string;
  /**
   * `user:password`. Nodes that are made with it can be read and changed with it alone, by servers too. It travels in
   * the clear: this client has no TLS. Default: none, and nodes that anybody may change.
   */
  readonly digest?: string;
  /** Milliseconds for one read or write, connecting included. Default 2,000. */
  readonly deadlineMs?: number;
}

const DEADLINE_MS = 2_000;

const { NO_NODE, NO_AUTH, BAD_VERSION, NODE_EXISTS, INVALID_ACL } = zookeeper.Exception;

/**
 * Pointers in znodes `<root>/<placement>/pointer.json`; the token is the transaction that made the node, and its
 * version. Every read arms the watch of whoever watches: a hint that the next lost connection takes away.
 */
export function createZooKeeperPointers(options: ZooKeeperPointersOptions): PointerSource & PointerWriter {
  const { hosts, digest, deadlineMs = DEADLINE_MS } = options;
  const root = options.root.replace(/\/+$/, '');
  const acls = digest === undefined ? zookeeper.ACL.OPEN_ACL_UNSAFE : [ownerOnly(digest)];
  const hints = new Map<string, PlacementHints>();
  const session = createZooKeeperSession({
    hosts: hosts.split(',').map((host) => (host.includes(':') ? host : `${host}:2181`)),
    digest,
    deadlineMs,
    onLost: () => {
      for (const { fire } of hints.values()) fire();
    },
  });
  const pathOf = (placement: string) => `${root}/${placement}/pointer.json`;
  const whereOf = (placement: string) => `zookeeper://${hosts}${pathOf(placement)}`;

  const read = (placement: string, signal: AbortSignal, unlessToken?: PointerToken) =>
    session.run(`reading ${whereOf(placement)}`, signal, (client) =>
      readNode(client, pathOf(placement), hints.get(placement)?.fire, unlessToken).catch((error: unknown) => {
        throw isAnswer(error, NO_AUTH) ? notAllowed(`reading ${whereOf(placement)}`, error) : error;
      }),
    );

  return {
    read,
    write(pointer, expected, signal) {
      const { placement } = pointer;
      const where = whereOf(placement);
      const attempt = (text: string) =>
        session.run(`writing ${where}`, signal, async (client): Promise<WriteOutcome> => {
          try {
            return expected === null
              ? await createNode(client, pathOf(placement), text, acls)
              : await changeNode(client, pathOf(placement), text, expected);
          } catch (error) {
            return outcomeOf(where, error);
          }
        });
      const readBack = () => read(placement, signal);
      return compareAndSet({ pointer, expected, where, signal, attempt, readBack });
    },
    listPlacements(signal) {
      return session.run(`listing zookeeper://${hosts}${root}`, signal, async (client) => {
        const names = (await childrenOf(client, root === '' ? '/' : root)).filter(isPlacement);
        const stats = await Promise.all(names.map((name) => statOf(client, pathOf(name))));
        return names.filter((_, index) => stats[index]);
      });
    },
    watch(placement, onHint) {
      const hint = () => onHint();
      const watching = hints.get(placement) ?? createHints();
      hints.set(placement, watching);
      watching.listeners.add(hint);
      return () => {
        watching.listeners.delete(hint);
        if (watching.listeners.size === 0) hints.delete(placement);
      };
    },
    async close() {
      hints.clear();
      session.close();
    },
  };
}

interface PlacementHints {
  readonly listeners: Set<() => void>;
  /** One function for the placement: the client arms a watch once, however often it is asked with the same one. */
  readonly fire: () => void;
}

function createHints(): PlacementHints {
  const listeners = new Set<() => void>();
  return {
    listeners,
    fire: () => {
      for (const listener of listeners) listener();
    },
  };
}

async function readNode(
  client: zookeeper.Client,
  path: string,
  onChange: (() => void) | undefined,
  unlessToken: PointerToken | undefined,
): Promise<PointerReading> {
  // A look at the node first: it arms the watch whether the node exists or not, and moves no data when nothing changed.
  const stat = await statOf(client, path, onChange);
  if (stat === null) return { kind: 'absent' };
  if (tokenOf(stat) === unlessToken) return { kind: 'unchanged' };
  try {
    return await ask<PointerReading>((resolve, reject) => {
      client.getData(path, (error, data, at) => {
        if (error) return reject(error);
        const content = (data ?? Buffer.alloc(0)).subarray(0, MAX_POINTER_BYTES + 1);
        resolve({ kind: 'found', content, token: tokenOf(at) });
      });
    });
  } catch (error) {
    if (isAnswer(error, NO_NODE)) return { kind: 'absent' };
    throw error;
  }
}

async function createNode(
  client: zookeeper.Client,
  path: string,
  text: string,
  acls: zookeeper.ACL[],
): Promise<WriteOutcome> {
  for (let end = path.indexOf('/', 1); end > 0; end = path.indexOf('/', end + 1)) {
    const parent = path.slice(0, end);
    if ((await statOf(client, parent)) !== null) continue;
    await create(client, parent, null, acls).catch((error: unknown) => {
      if (!isAnswer(error, NODE_EXISTS)) throw error;
    });
  }
  await create(client, path, Buffer.from(text), acls);
  const stat = await statOf(client, path);
  // Changed again already: the node is read back like any that is not plainly ours.
  if (stat?.version !== 0) throw new Error('the pointer was changed as soon as it was written');
  return { kind: 'stored', token: tokenOf(stat) };
}

async function changeNode(
  client: zookeeper.Client,
  path: string,
  text: string,
  expected: PointerToken,
): Promise<WriteOutcome> {
  // ZooKeeper compares the version alone, which begins anew in a node that was deleted and made again.
  const before = await statOf(client, path);
  if (before === null || tokenOf(before) !== expected) return { kind: 'refused' };
  const stat = await ask<zookeeper.Stat>((resolve, reject) => {
    client.setData(path, Buffer.from(text), before.version, (error, after) =>
      error ? reject(error) : resolve(after),
    );
  });
  return { kind: 'stored', token: tokenOf(stat) };
}

/** What an exception says of a write. One that tells nothing (the connection was lost) is thrown on. */
function outcomeOf(where: string, error: unknown): WriteOutcome {
  if (isAnswer(error, BAD_VERSION) || isAnswer(error, NODE_EXISTS) || isAnswer(error, NO_NODE)) {
    return { kind: 'refused' };
  }
  if (!isAnswer(error, NO_AUTH) && !isAnswer(error, INVALID_ACL)) throw error;
  return { kind: 'failed', error: notAllowed(`writing ${where}`, error) };
}

function notAllowed(what: string, error: unknown): UnreachableError {
  return new UnreachableError(
    `${what}: not allowed with these credentials; check the digest (user:password)`,
    {
      cause: error,
    },
  );
}

function tokenOf({ czxid, version }: zookeeper.Stat): PointerToken {
  return `${czxid.toString('hex')}:${version}`;
}

function ownerOnly(digest: string): zookeeper.ACL {
  const user = digest.slice(0, digest.indexOf(':'));
  const hash = createHash('sha1').update(digest).digest('base64');
  return new zookeeper.ACL(zookeeper.Permission.ALL, new zookeeper.Id('digest', `${user}:${hash}`));
}

function statOf(
  client: zookeeper.Client,
  path: string,
  watcher?: () => void,
): Promise<zookeeper.Stat | null> {
  return ask((resolve, reject) => {
    const callback: zookeeper.Callback<[zookeeper.Stat | null]> = (error, stat) =>
      error ? reject(error) : resolve(stat);
    if (watcher === undefined) client.exists(path, callback);
    else client.exists(path, watcher, callback);
  });
}

async function childrenOf(client: zookeeper.Client, path: string): Promise<string[]> {
  if ((await statOf(client, path)) === null) return [];
  return ask((resolve, reject) => {
    client.getChildren(path, (error, children) => (error ? reject(error) : resolve(children)));
  });
}

function create(
  client: zookeeper.Client,
  path: string,
  data: Buffer | null,
  acls: zookeeper.ACL[],
): Promise<string> {
  return ask((resolve, reject) => {
    client.create(path, data, acls, zookeeper.CreateMode.PERSISTENT, (error, made) =>
      error ? reject(error) : resolve(made),
    );
  });
}

function ask<T>(question: (resolve: (value: T) => void, reject: (error: Error) => void) => void): Promise<T> {
  return new Promise(question);
}
