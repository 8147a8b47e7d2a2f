import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** Listens on a free port of loopback, unless it does already; resolves with the port. */
export async function listen(app: FastifyInstance): Promise<number> {
  if (!app.server.listening) await app.listen({ host: '127.0.0.1', port: 0 });
  return (app.server.address() as AddressInfo).port;
}

/** A connection that keeps what comes back, and its end. */
export interface RawConnection {
  readonly socket: Socket;
  received(): string;
  /** Resolves with all that was received when the server has ended the connection. */
  readonly ended: Promise<string>;
}

export async function openRaw(port: number): Promise<RawConnection> {
  const socket = connect(port, '127.0.0.1');
  let received = '';
  socket.on('data', (data: Buffer) => (received += data.toString('latin1')));
  // A reset is an end as well.
  socket.on('error', () => undefined);
  const ended = new Promise<string>((resolve) => socket.on('close', () => resolve(received)));
  await once(socket, 'connect');
  return { socket, received: () => received, ended };
}

/** Sends bytes on a connection of their own and resolves with what comes back until the server ends it. */
export async function exchange(port: number, bytes: string): Promise<string> {
  const { socket, ended } = await openRaw(port);
  socket.end(bytes, 'latin1');
  return ended;
}
