import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort, type Server } from './server.ts';
import { startZooKeeper } from './zookeeper-server.ts';

/** Three ZooKeeper servers that agree. Started by the tests that need them: three JVMs are no small thing. */
export interface ZooKeeperEnsemble {
  /** `127.0.0.1:<port>` of each. */
  readonly addresses: readonly string[];
  /** Which one leads; waits until one does. */
  leader(): Promise<number>;
  /** Ends a server without a word (SIGKILL); it keeps its data. */
  kill(index: number): Promise<void>;
  /** Starts a server that was killed. Resolves when it listens; it serves once two of them agree. */
  start(index: number): Promise<void>;
  stop(): Promise<void>;
}

const SIZE = 3;
const ELECTION_MS = 30_000;

export async function startZooKeeperEnsemble(): Promise<ZooKeeperEnsemble> {
  const directory = await mkdtemp(join(tmpdir(), 'topshelf-ensemble-'));
  const indices = Array.from({ length: SIZE }, (_, index) => index);
  const members = await Promise.all(
    indices.map(async (index) => {
      const [client, quorum, election] = [await freePort(), await freePort(), await freePort()];
      return { index, client, line: `server.${index + 1}=127.0.0.1:${quorum}:${election}` };
    }),
  );
  const settings = [
    'initLimit=20',
    'syncLimit=10',
    '4lw.commands.whitelist=srvr',
    ...members.map(({ line }) => line),
  ];
  const servers: (Server | undefined)[] = [];

  async function start(index: number): Promise<void> {
    const name = `member-${index}`;
    await mkdir(join(directory, name), { recursive: true });
    await writeFile(join(directory, name, 'myid'), String(index + 1));
    const port = members[index]?.client ?? 0;
    servers[index] = await startZooKeeper({ name, port, directory, isMember: true, settings });
  }

  async function leader(): Promise<number> {
    const until = performance.now() + ELECTION_MS;
    while (performance.now() < until) {
      const modes = await Promise.all(members.map(({ client }) => modeOf(client)));
      const index = modes.indexOf('leader');
      if (index >= 0) return index;
      await pause(100);
    }
    throw new Error(`no server of the ensemble leads after ${ELECTION_MS / 1000} s`);
  }

  async function stop(): Promise<void> {
    await Promise.all(servers.flatMap((server) => server?.stop() ?? []));
    await rm(directory, { recursive: true, force: true });
  }

  try {
    await Promise.all(indices.map(start));
    await leader();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    addresses: members.map(({ client }) => `127.0.0.1:${client}`),
    leader,
    async kill(index) {
      await servers[index]?.stop();
      servers[index] = undefined;
    },
    start,
    stop,
  };
}

/** `leader`, `follower`, or nothing where the server is away or agrees with nobody. */
async function modeOf(port: number): Promise<string | undefined> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.setTimeout(1000, () => socket.destroy());
  socket.write('srvr');
  const said = await text(socket).catch(() => '');
  return /^Mode: (\w+)$/m.exec(said)?.[1];
}
