import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { messageOf, UnreachableError } from '../../domain/errors.ts';

/** A database of this process's own, inside a memory limit, with a folder that goes when it is closed. */
export interface Workbench {
  readonly folder: string;
  connect(): Promise<DuckDBConnection>;
  /** Ends the queries that are under way with an error. */
  interrupt(): void;
  close(): Promise<void>;
}

export interface WorkbenchOptions {
  /** What the work may take, JavaScript's part in it included; about, in bytes. */
  readonly memoryLimitBytes: number;
  /** Where the folder is made; made itself where it is missing. */
  readonly tempDir: string;
  readonly signal: AbortSignal;
}

const THREADS = '2';
// DuckDB takes more than it counts (the allocator's gaps, what it hands over), and JavaScript has a part in it, too.
const DUCKDB_SHARE = 0.5;

/** Opens the workbench. When `signal` aborts, queries under way end with an error. */
export async function openWorkbench({
  memoryLimitBytes,
  tempDir,
  signal,
}: WorkbenchOptions): Promise<Workbench> {
  const folder = await makeFolder(tempDir);
  const instance = await DuckDBInstance.create(join(folder, 'work.duckdb'), {
    memory_limit: `${Math.floor(memoryLimitBytes * DUCKDB_SHARE)}B`,
    temp_directory: join(folder, 'spill'),
    threads: THREADS,
    // Without it even an appender's rows end up in another order. The large sort does not get dearer: a sort's own
    // order is kept either way, and what feeds it may come in any.
    preserve_insertion_order: 'true',
    // Whatever it needs is built in: it shall never look for more on the network.
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    // Else what it reads of files fills the memory limit and stays: the more rows, the fuller. The system has a cache.
    enable_external_file_cache: 'false',
    // What this database holds is read once; finding the best compression for it takes longer than that.
    force_compression: 'uncompressed',
  });
  const connections: DuckDBConnection[] = [];
  const interrupt = () => connections.forEach((connection) => connection.interrupt());
  signal.addEventListener('abort', interrupt);
  let closed = false;
  return {
    folder,
    async connect() {
      signal.throwIfAborted();
      const connection = await instance.connect();
      connections.push(connection);
      // Times without a zone are in UTC, wherever this runs.
      await connection.run("SET TimeZone = 'UTC'");
      return connection;
    },
    interrupt,
    async close() {
      if (closed) return;
      closed = true;
      signal.removeEventListener('abort', interrupt);
      connections.forEach((connection) => connection.closeSync());
      instance.closeSync();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A failure of DuckDB that is about this machine and not about the input; undefined for any other. */
export function machineFault(error: unknown): UnreachableError | undefined {
  const message = messageOf(error);
  if (message.startsWith('Out of Memory Error')) {
    return new UnreachableError(
      `reading the input needs more memory or disk than it may take: ${message.split('\n')[0]}. ` +
        'Raise TOPSHELF_MEMORY_LIMIT_BYTES, or point TOPSHELF_TEMP_DIR to a larger disk.',
      { cause: error },
    );
  }
  if (message.startsWith('IO Error')) {
    const advice = /No space left|File too large/.test(message)
      ? '. Point TOPSHELF_TEMP_DIR to a disk with room.'
      : '';
    return new UnreachableError(`${message}${advice}`, { cause: error });
  }
  return undefined;
}

async function makeFolder(tempDir: string): Promise<string> {
  try {
    await mkdir(tempDir, { recursive: true });
    return await mkdtemp(join(tempDir, 'topshelf-load-'));
  } catch (error) {
    throw new UnreachableError(`no folder can be made in ${tempDir}: ${messageOf(error)}`, { cause: error });
  }
}
