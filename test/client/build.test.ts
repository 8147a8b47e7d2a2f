import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import root from '../../package.json' with { type: 'json' };
import client from '../../src/client/package.json' with { type: 'json' };

const SOURCE = resolve(import.meta.dirname, '../../src/client');
const TSC = resolve(import.meta.dirname, '../../node_modules/typescript/bin/tsc');
const STRICT = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022', '--lib', 'es2022,dom'];

const run = promisify(execFile);

/** A project with the built client below its node_modules, where Node strips no types. */
async function install() {
  const project = await mkdtemp(join(tmpdir(), 'topshelf-client-'));
  onTestFinished(() => rm(project, { recursive: true }));
  const installed = join(project, 'node_modules', client.name);
  await run(process.execPath, [TSC, '-p', SOURCE, '--outDir', installed]);
  await copyFile(join(SOURCE, 'package.json'), join(installed, 'package.json'));
  await writeFile(join(project, 'package.json'), '{"type":"module"}');
  return { project, installed };
}

describe('the client as others install it', () => {
  it('runs as JavaScript, brings its types, and imports nothing from outside', async () => {
    const { project, installed } = await install();
    for (const file of await readdir(installed)) {
      const text = await readFile(join(installed, file), 'utf8');
      const imported = [...text.matchAll(/from\s+'([^']+)'/g)].map(([, specifier]) => specifier ?? '');
      expect(
        imported.filter((specifier) => !specifier.startsWith('./')),
        file,
      ).toEqual([]);
    }

    const use = `import { createClient } from '${client.name}';
      const client = createClient({ url: 'http://127.0.0.1:1', localList: [{ productId: 'mug', score: 1 }] });
      const { source, recommendations: [first] } = await client.recommend('anna');`;
    const printing = `${use}\nprocess.stdout.write(source + ' ' + first.productId);`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', printing], { cwd: project });
    expect(stdout).toBe('local mug');

    await writeFile(join(project, 'use.ts'), `${use}\nconst wrong: 'popular' = source;`);
    const compiled = run(process.execPath, [TSC, ...STRICT, 'use.ts'], { cwd: project });
    await expect(compiled).rejects.toMatchObject({
      stdout: expect.stringMatching(
        /^use\.ts\(4,7\): error TS2322: Type '"personalized"[^\n]+\n[^\n]+\n$/,
      ) as string,
    });
  });

  it('has the version of the server that it was made with, and no dependency', () => {
    expect(client).toMatchObject({ version: root.version, license: root.license });
    expect(client).not.toHaveProperty('dependencies');
  });
});
