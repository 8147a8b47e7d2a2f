import { existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type * as z from 'zod';
import { publisherSettings, serverSettings } from '../src/config/config.ts';
import { consoleSettings } from '../src/config/console.ts';
import { EXIT } from '../src/cli/exit-codes.ts';
import { POINTER_REJECTIONS } from '../src/domain/errors.ts';
import { bundledRanking } from './support/real-data.ts';
import manifest from '../package.json' with { type: 'json' };

const ROOT = resolve(import.meta.dirname, '..');
const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');

/** The rows of the README's tables, cell by cell, without the dressing. */
const rows = readme
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()));

function rowOf(name: string): string[] | undefined {
  return rows.find((cells) => cells[1] === `\`${name}\``);
}

/** A setting's default as its text, or undefined where it has none. */
function defaultOf(setting: z.core.$ZodType): string | undefined {
  const { def } = setting._zod;
  if (def.type !== 'prefault') return undefined;
  const text = String((def as z.core.$ZodPrefaultDef).defaultValue);
  return text === tmpdir() ? 'the system’s' : text;
}

describe('the README', () => {
  const settings = { ...serverSettings.shape, ...publisherSettings.shape, ...consoleSettings.shape };

  it.each(Object.entries(settings))('tells of %s what the code does', (name, setting) => {
    const [, , standard, meaning] = rowOf(name) ?? [];
    const expected = defaultOf(setting);
    expect(standard).toBe(
      expected === undefined ? '' : expected.startsWith('the') ? expected : `\`${expected}\``,
    );
    expect(meaning).toBe((setting as z.ZodType).description);
  });

  it('lists no setting that does not exist', () => {
    const listed = rows.flatMap(([, name]) => /^`((?:TOPSHELF_|OPS_)?[A-Z_]+)`$/.exec(name ?? '')?.[1] ?? []);
    expect(listed.filter((name) => !(name in settings))).toEqual([]);
  });

  it('gives every exit code', () => {
    for (const code of Object.values(EXIT)) expect(rowOf(String(code)), `exit code ${code}`).toBeDefined();
  });

  it('gives every reason for which a pointer is not adopted', () => {
    for (const reason of POINTER_REJECTIONS) expect(rowOf(reason), reason).toBeDefined();
  });

  it('links to files that exist', () => {
    const targets = [...readme.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, target]) => target ?? '');
    expect(targets.length).toBeGreaterThan(3);
    expect(targets.filter((target) => !existsSync(join(ROOT, target)))).toEqual([]);
  });

  it('erases somebody whom the bundled predictions know and no later step asks for', () => {
    const [, erased = ''] = /topshelf erase (\S+)/.exec(readme) ?? [];
    expect(bundledRanking('2011-12-07').get(erased)).toBeDefined();
    expect(readme.split(erased)).toHaveLength(2);
  });

  it('leaves no file behind that git would take up', () => {
    const ignored = readFileSync(join(ROOT, '.gitignore'), 'utf8').split('\n');
    const made = [...readme.matchAll(/(?:> |-out |install in the shop: )([\w.-]+\.[a-z]+)$/gm)];
    const files = made.map(([, file]) => file ?? '');
    expect(files).toEqual(
      expect.arrayContaining(['mine.csv', 'signing-key.pem', 'topshelf-client-0.1.0.tgz']),
    );
    expect(
      files.filter((file) => !ignored.includes(`/${file}`) && !ignored.includes(`*${extname(file)}`)),
    ).toEqual([]);
  });

  it('names npm scripts that exist', () => {
    const scripts = [...readme.matchAll(/npm run ([a-z:-]+)/g)].map(([, name]) => name ?? '');
    expect(scripts.length).toBeGreaterThan(1);
    expect(scripts.filter((name) => !(name in manifest.scripts))).toEqual([]);
  });
});
