import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import type { Service } from './endpoints.ts';
import { freePort, startServer, type Server } from './server.ts';

/** How one service is started, and what its tests are told. */
export interface ServiceDefinition {
  readonly service: Service;
  readonly title: string;
  /** What has to be there. */
  readonly needs: readonly string[];
  /** Starts it with its data in `directory`; resolves with the variables that endpoints.ts reads. Not there for a program
   * that tests start themselves. */
  readonly start?: (directory: string) => Promise<{ server: Server; env: Record<string, string> }>;
}

const installed = join(import.meta.dirname, '../../.services');
const dynamodbJars = join(installed, 'dynamodb');
const versitygw = join(installed, 'bin/versitygw');
const motoFolder = join(installed, 'moto');
export const chromium = '/usr/bin/chromium';
const zookeeperJar = '/usr/share/java/zookeeper.jar';

const dynamodb: ServiceDefinition = {
  service: 'dynamodb',
  title: 'DynamoDB Local',
  // Copied last by install.sh.
  needs: [join(dynamodbJars, 'pom.xml')],
  async start(directory) {
    const port = await freePort();
    const launcher = join(import.meta.dirname, 'LoopbackDynamoDb.java');
    const server = await startServer({
      name: 'dynamodb',
      command: 'java',
      args: [
        `-Djava.library.path=${dynamodbJars}`,
        ...['-cp', join(dynamodbJars, '*'), launcher],
        ...['-inMemory', '-sharedDb', '-disableTelemetry', '-port', String(port)],
      ],
      port,
      directory,
    });
    return { server, env: { TOPSHELF_TEST_DYNAMODB: `http://${server.address}` } };
  },
};

const s3: ServiceDefinition = {
  service: 's3',
  title: 'S3-compatible server (versitygw)',
  needs: [versitygw],
  async start(directory) {
    const port = await freePort();
    const [accessKeyId, secretAccessKey, region, bucket] = [
      'topshelf',
      'topshelf',
      'us-east-1',
      'topshelf-tests',
    ];
    const data = join(directory, 's3');
    await mkdir(data);
    const server = await startServer({
      name: 's3',
      command: versitygw,
      args: [
        ...['--port', `127.0.0.1:${port}`, '--access', accessKeyId, '--secret', secretAccessKey],
        ...['--region', region, '--keep-alive', '--quiet', 'posix', data],
      ],
      port,
      directory,
    });
    const endpoint = `http://${server.address}`;
    const credentials = { accessKeyId, secretAccessKey };
    const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
    client.destroy();
    return {
      server,
      env: {
        TOPSHELF_TEST_S3: endpoint,
        TOPSHELF_TEST_S3_BUCKET: bucket,
        TOPSHELF_TEST_S3_ACCESS_KEY_ID: accessKeyId,
        TOPSHELF_TEST_S3_SECRET_ACCESS_KEY: secretAccessKey,
        TOPSHELF_TEST_S3_REGION: region,
      },
    };
  },
};

const zookeeper: ServiceDefinition = {
  service: 'zookeeper',
  title: 'ZooKeeper',
  needs: [zookeeperJar],
  async start(directory) {
    const port = await freePort();
    const config = join(directory, 'zoo.cfg');
    // A short tick makes sessions expire in a second when a test wants one to.
    const settings = [
      `dataDir=${join(directory, 'zookeeper')}`,
      'clientPortAddress=127.0.0.1',
      `clientPort=${port}`,
      'tickTime=500',
      'maxClientCnxns=0',
      'admin.enableServer=false',
    ];
    await writeFile(config, settings.join('\n'));
    const server = await startServer({
      name: 'zookeeper',
      command: 'java',
      args: ['-Xmx256m', '-cp', zookeeperJar, 'org.apache.zookeeper.server.ZooKeeperServerMain', config],
      port,
      directory,
    });
    return { server, env: { TOPSHELF_TEST_ZOOKEEPER: server.address } };
  },
};

const moto: ServiceDefinition = {
  service: 'moto',
  title: 'moto',
  // Noted last by install.sh.
  needs: [join(motoFolder, 'version')],
  async start(directory) {
    const port = await freePort();
    const server = await startServer({
      name: 'moto',
      command: join(motoFolder, 'bin/python'),
      args: [join(import.meta.dirname, 'moto-server.py'), '-H', '127.0.0.1', '-p', String(port)],
      port,
      directory,
    });
    return { server, env: { TOPSHELF_TEST_MOTO: `http://${server.address}` } };
  },
};

const browser: ServiceDefinition = { service: 'browser', title: 'Chromium', needs: [chromium] };

export const DEFINITIONS: readonly ServiceDefinition[] = [dynamodb, s3, zookeeper, moto, browser];

/** What of a service is not on this machine; nothing where it can be started. */
export function missingFor({ needs }: ServiceDefinition): string[] {
  return needs.filter((path) => !existsSync(path));
}
