import type { Archive } from '../archive/archive.ts';
import {
  processEnvironment,
  readPublisherConfig,
  type PublisherConfig,
  type ServerConfig,
} from '../config/config.ts';
import { findRunningDemo } from '../demo/running-demo.ts';
import type { PointerSource } from '../pointer/pointer-source.ts';
import type { PointerWriter } from '../pointer/pointer-writer.ts';
import type { PublisherContext } from '../publishing/context.ts';
import { openPointerSigning } from './pointer-keys.ts';

// Adapters are imported when they are asked for: a server with its pointers in S3 never loads ZooKeeper's client.

/** An import takes minutes to hours; it is looked at now and then. */
const IMPORT_POLL_MS = 5_000;

/** The pointer store that the configuration names. */
export async function openPointers(
  config: Pick<ServerConfig, 'pointer' | 's3PathStyle' | 'zookeeperDigest'>,
): Promise<PointerSource & PointerWriter> {
  const { pointer, s3PathStyle, zookeeperDigest } = config;
  switch (pointer.kind) {
    case 'file': {
      const { createFilePointers } = await import('../pointer/file.ts');
      return createFilePointers(pointer);
    }
    case 's3': {
      const { createS3Pointers } = await import('../pointer/s3.ts');
      return createS3Pointers({
        bucket: pointer.bucket,
        prefix: pointer.prefix,
        forcePathStyle: s3PathStyle,
      });
    }
    case 'zookeeper': {
      const { createZooKeeperPointers } = await import('../pointer/zookeeper.ts');
      const { hosts, root } = pointer;
      return createZooKeeperPointers({ hosts, root, ...(zookeeperDigest && { digest: zookeeperDigest }) });
    }
  }
}

async function openArchive({ archive, s3PathStyle }: PublisherConfig): Promise<Archive> {
  if (archive.kind === 'file') {
    const { createFileArchive } = await import('../archive/file.ts');
    return createFileArchive(archive);
  }
  const { createS3Archive } = await import('../archive/s3.ts');
  return createS3Archive({ bucket: archive.bucket, prefix: archive.prefix, forcePathStyle: s3PathStyle });
}

/** What a publishing command works with: as the environment says, or as a running `topshelf demo` does. */
export async function openPublisher({
  demo = false,
}: {
  demo?: boolean | undefined;
}): Promise<PublisherContext> {
  if (!demo) return openPublisherOf(readPublisherConfig(processEnvironment()));
  const running = await findRunningDemo();
  return openPublisherOf(
    readPublisherConfig({ ...processEnvironment(), ...running.environment }, running.dynamodb),
  );
}

export async function openPublisherOf(config: PublisherConfig): Promise<PublisherContext> {
  const { createDynamoDbTables } = await import('../store/dynamodb-tables.ts');
  const { tablePrefix, memoryLimitBytes, tempDir, gateConfig, actor } = config;
  const signing = await openPointerSigning(config);
  const pointers = await openPointers(config);
  const archive = await openArchive(config);
  const tables = createDynamoDbTables(config.dynamodb);
  const closing: { close(): void }[] = [];
  return {
    async openImport({ bucket, prefix }) {
      const { createDynamoDbImporter } = await import('../store/dynamodb-importer.ts');
      const { createS3Archive } = await import('../archive/s3.ts');
      const importer = createDynamoDbImporter(config.dynamodb);
      const objects = createS3Archive({ bucket, prefix, forcePathStyle: config.s3PathStyle });
      closing.push(importer, objects);
      return { importer, objects, bucket, prefix, pollMs: IMPORT_POLL_MS };
    },
    pointers,
    tables,
    archive,
    async openRemoteFiles() {
      const { createS3Files } = await import('../publishing/input/s3-files.ts');
      return createS3Files({ forcePathStyle: config.s3PathStyle });
    },
    tablePrefix,
    memoryLimitBytes,
    tempDir,
    gateConfig,
    actor,
    signing,
    now: Date.now,
    async close() {
      tables.close();
      archive.close();
      for (const opened of closing) opened.close();
      await pointers.close();
    },
  };
}
