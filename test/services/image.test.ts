import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copyOf, readStages, ROOT } from '../deploy/dockerfile.ts';

/**
 * There is no engine that builds images here. What can be had without: the Dockerfile's own steps in clean folders, and
 * what comes of them started as a container would be, with a read-only root, as user 1000 and without any capability.
 */
const canContain = process.platform === 'linux' && process.getuid?.() === 0;
const USER = '1000';
// In a mount namespace of its own: a fresh folder to write to, and everything else of the root file system read-only.
const CONTAIN = `
  set -e
  writable=$1; shift
  mount --make-rprivate /
  mount -t tmpfs -o mode=1777 none "$writable"
  mount -o remount,ro,bind /
  cd "$writable"
  exec setpriv --reuid=${USER} --regid=${USER} --clear-groups --inh-caps=-all --bounding-set=-all --no-new-privs "$@"`;

describe.skipIf(!canContain)('the image, its steps taken by hand', () => {
  let folder = '';
  let image = '';
  let writable = '';

  /** The words behind `unshare` that run a command in the container. */
  const contained = (...command: string[]) => [
    '--mount',
    'sh',
    '-c',
    CONTAIN,
    'contain',
    writable,
    ...command,
  ];
  const topshelf = (...args: string[]) =>
    contained(join(folder, 'bin/node'), join(image, 'src/cli.ts'), ...args);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'topshelf-image-'));
    await chmod(folder, 0o755);
    writable = join(folder, 'writable');
    await mkdir(writable);
    // Copied: user 1000 may not be let to where this process's own is.
    await mkdir(join(folder, 'bin'));
    await copyFile(process.execPath, join(folder, 'bin/node'));
    image = await build(folder);
  }, 120_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('has no development dependency, and none of the packages ran code when it was installed', async () => {
    const { packages } = JSON.parse(
      await readFile(join(image, 'node_modules/.package-lock.json'), 'utf8'),
    ) as {
      packages: Record<string, { dev?: boolean }>;
    };
    const names = Object.keys(packages);
    expect(names).toContain('node_modules/fastify');
    expect(names.filter((name) => packages[name]?.dev === true)).toEqual([]);
    expect(names).not.toContain('node_modules/vitest');
    expect(names).not.toContain('node_modules/node');
  });

  it('cannot write outside of its folders', async () => {
    const script = 'touch allowed; touch "$1/src/x" && exit 1; touch /etc/x && exit 1; id -u';
    const { stdout } = await promisify(execFile)('unshare', contained('sh', '-c', script, 'try', image));
    expect(stdout.trim()).toBe(USER);
  });

  it('publishes and serves: the demo publishes two days, answers, and a signal ends it with 0', async () => {
    const [port, opsPort] = [await freePort(), await freePort()];
    const environment = {
      PATH: process.env.PATH ?? '',
      PORT: String(port),
      OPS_PORT: String(opsPort),
      TOPSHELF_TEMP_DIR: join(writable, 'temp'),
      TOPSHELF_REQUEST_DEADLINE_MS: '5000',
      TOPSHELF_READ_TIMEOUT_MS: '4000',
    };
    const child = spawn('unshare', topshelf('demo'), { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    const ended = once(child, 'exit');
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data: Buffer) => (output += String(data)));
    try {
      await expect.poll(() => output, { timeout: 50_000 }).toContain('serving at');
      const ready = await fetch(`http://127.0.0.1:${opsPort}/readyz`);
      expect(ready.status, output).toBe(200);
      const answer = await fetch(`http://127.0.0.1:${port}/recommendations/12347`);
      expect(await answer.json()).toMatchObject({ userId: '12347', source: 'personalized' });
    } finally {
      child.kill('SIGTERM');
    }
    expect(await ended).toEqual([0, null]);
  });

  it('starts with serve unless it is told otherwise, and says what is missing', async () => {
    const started = promisify(execFile)('unshare', topshelf('serve'), {
      env: { PATH: process.env.PATH ?? '' },
    });
    await expect(started).rejects.toMatchObject({
      code: 64,
      stderr: expect.stringContaining('TOPSHELF_POINTER') as string,
    });
  });
});

/** Takes the Dockerfile's steps: resolves with the folder that stands for the last stage's /app. */
async function build(folder: string): Promise<string> {
  let app = '';
  const env = { ...process.env, PATH: `${join(folder, 'bin')}:${process.env.PATH}` };
  const stages = readStages();
  for (const [index, stage] of stages.entries()) {
    const root = join(folder, stage.name ?? String(index));
    app = join(root, 'app');
    await mkdir(app, { recursive: true });
    for (const instruction of stage.instructions) {
      if (instruction.keyword === 'RUN' && instruction.text.startsWith('npm '))
        await promisify(execFile)('sh', ['-c', instruction.text], { cwd: app, env });
      if (instruction.keyword !== 'COPY') continue;
      const { from, sources, target } = copyOf(instruction);
      for (const source of sources) {
        const path = from === undefined ? join(ROOT, source) : join(folder, from, source);
        const to =
          sources.length > 1 || target.endsWith('./') ? join(app, target, source) : join(app, target);
        await cp(path, to, { recursive: true });
      }
    }
  }
  return app;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
