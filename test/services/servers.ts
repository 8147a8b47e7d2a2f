import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import type { Service } from './endpoints.ts';
import { freePort, startServer, type Server } from './server.ts';
import { startZooKeeper, ZOOKEEPER_JAR } from './zookeeper-server.ts';

/** How one service is started, and what its tests are told. */
export interface ServiceDefinition {
  readonly service: Service | 'schemathesis';
  readonly title: string;
  /** What has to be there. */
  readonly needs: readonly string[];
  /** Starts it with its data in `directory`; resolves with the variables that endpoints.ts reads. Tools have none. */
  readonly start?: (directory: string) => Promise<{ server: Server; env: Record<string, string> }>;
}

const installed = join(import.meta.dirname, '../../.services');
const dynamodbJars = join(installed, 'dynamodb');
const versitygw = join(installed, 'bin/versitygw');
const motoFolder = join(installed, 'moto');
const toxiproxyServer = join(installed, 'bin/toxiproxy');
const prometheusBinary = join(installed, 'prometheus/prometheus');
export const promtoolBinary = join(installed, 'prometheus/promtool');
export const chromium = '/usr/bin/chromium';

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
  needs: [ZOOKEEPER_JAR],
  async start(directory) {
    const port = await freePort();
    const server = await startZooKeeper({ name: 'zookeeper', port, directory, isMember: false });
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

const toxiproxy: ServiceDefinition = {
  service: 'toxiproxy',
  title: 'toxiproxy',
  needs: [toxiproxyServer],
  async start(directory) {
    const port = await freePort();
    const server = await startServer({
      name: 'toxiproxy',
      command: toxiproxyServer,
      args: ['-host', '127.0.0.1', '-port', String(port)],
      port,
      directory,
    });
    return { server, env: { TOPSHELF_TEST_TOXIPROXY: `http://${server.address}` } };
  },
};

/** No service, but a program that tests run. */
const schemathesis: ServiceDefinition = {
  service: 'schemathesis',
  title: 'schemathesis',
  // Noted last by install.sh.
  needs: [join(installed, 'schemathesis/version')],
};

/** Scrapes what tests name in a file, and evaluates the rules that lie in a folder, each second. */
const prometheus: ServiceDefinition = {
  service: 'prometheus',
  title: 'Prometheus',
  needs: [prometheusBinary, promtoolBinary],
  async start(directory) {
    const port = await freePort();
    const folder = join(directory, 'prometheus');
    await mkdir(join(folder, 'rules'), { recursive: true });
    const targets = join(folder, 'targets.json');
    await writeFile(targets, '[]');
    const config = {
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: ['rules/*.yml'],
      scrape_configs: [
        { job_name: 'topshelf', file_sd_configs: [{ files: [targets], refresh_interval: '1s' }] },
      ],
    };
    await writeFile(join(folder, 'prometheus.yml'), JSON.stringify(config));
    const server = await startServer({
      name: 'prometheus',
      command: prometheusBinary,
      args: [
        `--config.file=${join(folder, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        ...[`--web.listen-address=127.0.0.1:${port}`, '--web.enable-lifecycle'],
      ],
      port,
      directory,
    });
    const env = {
      TOPSHELF_TEST_PROMETHEUS: `http://${server.address}`,
      TOPSHELF_TEST_PROMETHEUS_FOLDER: folder,
    };
    return { server, env };
  },
};

const browser: ServiceDefinition = { service: 'browser', title: 'Chromium', needs: [chromium] };

export const DEFINITIONS: readonly ServiceDefinition[] = [
  dynamodb,
  s3,
  zookeeper,
  moto,
  toxiproxy,
  schemathesis,
  prometheus,
  browser,
];

/** What of a service is not on this machine; nothing where it can be started. */
export function missingFor({ needs }: ServiceDefinition): string[] {
  return needs.filter((path) => !existsSync(path));
}
