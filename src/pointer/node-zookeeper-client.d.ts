// What topshelf uses of node-zookeeper-client, which has no types of its own.
declare module 'node-zookeeper-client' {
  import type { EventEmitter } from 'node:events';
  import type { Socket } from 'node:net';

  namespace zookeeper {
    interface Stat {
      /** The transaction that made the node, 8 bytes. */
      readonly czxid: Buffer;
      readonly version: number;
    }

    interface Exception extends Error {
      getCode(): number;
    }

    type Callback<T extends unknown[]> = (error: Exception | null | undefined, ...results: T) => void;
    type Watcher = () => void;

    /** Not a part of the client's interface: what zookeeper-session.ts has to reach for. */
    interface ConnectionManager extends EventEmitter {
      socket?: Socket;
      pendingBuffer: Buffer | null;
      connectTimeoutHandler: NodeJS.Timeout | null;
      connect(): void;
      onSocketData(data: Buffer): void;
    }

    interface Client extends EventEmitter {
      readonly connectionManager: ConnectionManager;
      connect(): void;
      close(): void;
      addAuthInfo(scheme: string, auth: Buffer): void;
      getSessionId(): Buffer;
      getSessionPassword(): Buffer;
      exists(path: string, callback: Callback<[Stat | null]>): void;
      exists(path: string, watcher: Watcher, callback: Callback<[Stat | null]>): void;
      getData(path: string, callback: Callback<[Buffer | undefined, Stat]>): void;
      setData(path: string, data: Buffer, version: number, callback: Callback<[Stat]>): void;
      getChildren(path: string, callback: Callback<[string[], Stat]>): void;
      getACL(path: string, callback: Callback<[ACL[], Stat]>): void;
      create(
        path: string,
        data: Buffer | null,
        acls: ACL[],
        mode: number,
        callback: Callback<[string]>,
      ): void;
      remove(path: string, version: number, callback: Callback<[]>): void;
    }

    interface ClientOptions {
      /** Milliseconds. */
      readonly sessionTimeout?: number;
      readonly retries?: number;
      readonly sessionId?: Buffer;
      readonly sessionPassword?: Buffer;
    }

    class Id {
      constructor(scheme: string, id: string);
      readonly scheme: string;
      readonly id: string;
    }

    class ACL {
      constructor(permission: number, id: Id);
      static readonly OPEN_ACL_UNSAFE: ACL[];
      readonly permission: number;
      readonly id: Id;
    }

    const Permission: { readonly ALL: number };
    const CreateMode: { readonly PERSISTENT: number };
    const Exception: Readonly<
      Record<'NO_NODE' | 'NO_AUTH' | 'BAD_VERSION' | 'NODE_EXISTS' | 'INVALID_ACL' | 'AUTH_FAILED', number>
    >;
    function createClient(hosts: string, options?: ClientOptions): Client;
  }

  export = zookeeper;
}
