import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startServer, type Server } from './server.ts';

export const ZOOKEEPER_JAR = '/usr/share/java/zookeeper.jar';

export interface ZooKeeperServerOptions {
  /** Tells it from others that keep their data in the same directory. */
  readonly name: string;
  readonly port: number;
  readonly directory: string;
  /** Whether it is one of an ensemble; then `settings` name the others. */
  readonly isMember: boolean;
  readonly settings?: readonly string[];
}

/** Starts one ZooKeeper server with its data below `directory`, which another start finds again. */
export async function startZooKeeper(options: ZooKeeperServerOptions): Promise<Server> {
  const { name, port, directory, isMember, settings = [] } = options;
  const data = join(directory, name);
  await mkdir(data, { recursive: true });
  const config = join(directory, `${name}.cfg`);
  const all = [
    `dataDir=${data}`,
    'clientPortAddress=127.0.0.1',
    `clientPort=${port}`,
    'tickTime=500', // makes sessions expire in a second when a test wants one to
    'maxClientCnxns=0',
    'admin.enableServer=false',
    ...settings,
  ];
  await writeFile(config, all.join('\n'));
  const main = isMember ? 'quorum.QuorumPeerMain' : 'ZooKeeperServerMain';
  return startServer({
    name,
    command: 'java',
    args: ['-Xmx128m', '-cp', ZOOKEEPER_JAR, `org.apache.zookeeper.server.${main}`, config],
    port,
    directory,
  });
}
