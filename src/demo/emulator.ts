import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import dynalite from 'dynalite';
import type { DynamoDbConnection } from '../config/config.ts';

export interface Emulator {
  /** How clients of this process, or of another on this machine, reach it. */
  readonly connection: DynamoDbConnection & { readonly endpoint: string };
  close(): Promise<void>;
}

/** Starts a DynamoDB emulator in this process, in memory, on a port of the loopback interface (0: any free one). */
export async function startEmulator(port = 0): Promise<Emulator> {
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0 });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address() as AddressInfo;
  return {
    connection: {
      endpoint: `http://127.0.0.1:${address.port}`,
      region: 'local',
      credentials: { accessKeyId: 'demo', secretAccessKey: 'demo' },
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
