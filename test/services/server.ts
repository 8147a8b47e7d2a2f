import { spawn } from 'node:child_process';
import { createWriteStream, existsSync, readFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** A server process that listens on a port of loopback. */
export interface Server {
  readonly pid: number;
  /** `127.0.0.1:<port>`. */
  readonly address: string;
  /** Ends the process, stopped ones too, and resolves when it is gone. What it held is thrown away. */
  stop(): Promise<void>;
}

export interface ServerOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly port: number;
  /** Where its output goes, to be shown if it does not start. */
  readonly directory: string;
}

/** Milliseconds for a server to listen: a JVM on a busy machine takes ten seconds. */
const START_MS = 60_000;

/** Starts a server and resolves when it listens. Rejects with Error, and the end of its output, where it does not. */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { name, command, args, port, directory } = options;
  const logFile = join(directory, `${name}.log`);
  const log = createWriteStream(logFile);
  const child = spawn(command, args, { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  const ended = new Promise<void>((resolve) => {
    child.on('exit', () => resolve());
    child.on('error', (error) => {
      log.write(error.message);
      resolve();
    });
  });
  let isRunning = true;
  void ended.then(() => {
    isRunning = false;
    log.end();
  });
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
  };

  const until = performance.now() + START_MS;
  while (!(await listens(port))) {
    if (isRunning && performance.now() < until) {
      await delay(100);
      continue;
    }
    const how = isRunning ? `does not listen after ${START_MS / 1000} s` : 'ended at once';
    await stop();
    const output = existsSync(logFile) ? readFileSync(logFile, 'utf8').slice(-2_000) : '';
    throw new Error(`${name} ${how}. Its last output:\n${output}`);
  }
  return { pid: child.pid ?? 0, address: `127.0.0.1:${port}`, stop };
}

/** A port of loopback that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
