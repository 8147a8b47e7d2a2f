import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { publisherSettings, serverSettings } from '../../src/config/config.ts';
import manifest from '../../package.json' with { type: 'json' };
import { copyOf, environmentOf, readStages, ROOT } from './dockerfile.ts';

const stages = readStages();
const last = stages.at(-1) ?? { base: '', name: undefined, instructions: [] };
const argumentsOf = (keyword: string, { instructions } = last) =>
  instructions.filter((each) => each.keyword === keyword).map(({ text }) => text);
const words = (text: string | undefined) => JSON.parse(text ?? 'null') as string[] | null;

describe('the image', () => {
  it('is built in stages on one base: a release of Node that the project runs on, on a named Debian', () => {
    expect(stages.length).toBeGreaterThan(1);
    for (const { base } of stages) {
      const [, major] =
        /^node:(\d+)\.\d+\.\d+-(?:bookworm|trixie)-slim(?:@sha256:[0-9a-f]{64})?$/.exec(base) ?? [];
      expect(Number(major), base).toBeGreaterThanOrEqual(Number(/\d+/.exec(manifest.engines.node)?.[0]));
      expect(major).toBe(/\d+/.exec(manifest.devDependencies.node)?.[0]);
    }
  });

  it('installs what the lock file says, without development, and lets no package run code', () => {
    const runs = stages.flatMap((stage) => argumentsOf('RUN', stage));
    const installs = runs.filter((text) => text.includes('npm'));
    expect(installs).toEqual([
      expect.stringMatching(/^npm ci (?=.*--omit=dev)(?=.*--ignore-scripts)[a-z= -]+$/),
    ]);
    expect(argumentsOf('RUN').join()).not.toContain('npm');
  });

  it('runs as a number that is not root, from its first process on', () => {
    const [user, ...others] = argumentsOf('USER');
    expect(others).toEqual([]);
    expect(user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    const at = (keyword: string) => last.instructions.findIndex((each) => each.keyword === keyword);
    expect(at('USER')).toBeLessThan(at('ENTRYPOINT'));
  });

  it('needs no shell to run: entry point and command are lists, and the entry point exists', () => {
    const [entry] = argumentsOf('ENTRYPOINT');
    expect(words(entry)).toEqual(['node', '/app/src/cli.ts']);
    expect(words(argumentsOf('CMD')[0])).toEqual(['serve']);
    expect(existsSync(join(ROOT, manifest.bin.topshelf))).toBe(true);
    expect(words(entry)?.[1]).toBe(`/app/${manifest.bin.topshelf}`);
  });

  it('copies what exists and what its context lets in, and adds nothing from elsewhere', () => {
    const keywords = stages.flatMap(({ instructions }) => instructions.map(({ keyword }) => keyword));
    expect(keywords).not.toContain('ADD');
    const ignored = readFileSync(join(ROOT, '.dockerignore'), 'utf8').split('\n');
    expect(ignored.find((line) => line !== '' && !line.startsWith('#'))).toBe('*');
    const copies = stages.flatMap(({ instructions }) =>
      instructions.filter(({ keyword }) => keyword === 'COPY').map(copyOf),
    );
    const sources = copies.filter(({ from }) => from === undefined).flatMap((copy) => copy.sources);
    expect(sources).toEqual(expect.arrayContaining(['package.json', 'package-lock.json', 'src']));
    expect(sources.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    expect(sources.filter((path) => !ignored.includes(`!${path}`))).toEqual([]);
    const allowed = ignored.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
    expect(allowed.filter((path) => !sources.includes(path))).toEqual([]);
    const names = stages.map(({ name }) => name);
    expect(copies.flatMap(({ from }) => from ?? []).filter((from) => !names.includes(from))).toEqual([]);
  });

  it('sets settings that exist, and writes below its volumes alone', () => {
    const settings = { ...serverSettings.shape, ...publisherSettings.shape };
    const environment = environmentOf(last);
    expect(Object.keys(environment).filter((name) => !(name in settings))).toEqual([]);
    const volumes = words(argumentsOf('VOLUME')[0]) ?? [];
    for (const name of ['TOPSHELF_SAVED_POINTERS', 'TOPSHELF_TEMP_DIR']) {
      const path = environment[name] ?? 'not set';
      expect(
        volumes.some((volume) => path === volume || path.startsWith(`${volume}/`)),
        path,
      ).toBe(true);
    }
  });

  it('exposes the ports that the server listens on by default', () => {
    const standard = (name: 'PORT' | 'OPS_PORT') => String(serverSettings.shape[name].parse(undefined));
    expect(argumentsOf('EXPOSE')[0]?.split(' ')).toEqual([standard('PORT'), standard('OPS_PORT')]);
  });
});
