import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A connection to a store with the faults of a real one: it hangs, breaks off, or loses the reply to a write. */
export interface TcpProxy {
  readonly port: number;
  /** From now on nothing passes, in either direction; new connections are taken and left hanging. */
  hang(): void;
  /** Ends every connection; new ones pass again. */
  mend(): void;
  /** The next request with these bytes in it reaches the server; its reply does not come back. */
  loseReplyTo(bytes: string): void;
  /** How many connections were made so far. */
  connections(): number;
  /** The first bytes that the server sent on the newest connection. */
  firstReply(): Buffer;
  close(): Promise<void>;
}

/** Listens on loopback and passes everything to `target` (`host:port`). */
export async function startTcpProxy(target: string): Promise<TcpProxy> {
  const [host = '', port = ''] = target.split(':');
  const sockets = new Set<Socket>();
  let hanging = false;
  let marker: string | undefined;
  let connections = 0;
  let firstReply = Buffer.alloc(0);

  const server = createServer((client) => {
    const upstream = connect(Number(port), host);
    let lost = false;
    connections++;
    upstream.once('data', (data) => void (firstReply = data));
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        if (!hanging) other.destroy();
      });
    }
    client.on('data', (data) => {
      if (hanging) return;
      if (marker !== undefined && data.includes(marker)) {
        marker = undefined;
        lost = true;
      }
      upstream.write(data);
    });
    upstream.on('data', (data) => {
      if (hanging) return;
      if (lost) client.destroy();
      else client.write(data);
    });
  });
  const endAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    port: (server.address() as AddressInfo).port,
    hang: () => void (hanging = true),
    mend() {
      hanging = false;
      endAll();
    },
    connections: () => connections,
    firstReply: () => firstReply,
    loseReplyTo: (bytes) => void (marker = bytes),
    async close() {
      endAll();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
