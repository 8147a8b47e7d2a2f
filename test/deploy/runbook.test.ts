import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { publisherSettings, serverSettings } from '../../src/config/config.ts';
import { run } from '../../src/cli/program.ts';
import { dashboards } from '../../deploy/grafana/definitions/all.ts';

const runbook = readFileSync(resolve(import.meta.dirname, '../../deploy/runbook.md'), 'utf8');

/** Each command of the runbook with the options it is given, in code spans and blocks alike. */
const commands = [...runbook.matchAll(/^topshelf [^\n#]+|`topshelf [^`]+`/gm)].map(([text]) => {
  const words = text.replaceAll('`', '').split(/\s+/);
  return { text, name: words[1] ?? '', options: words.filter((word) => word.startsWith('--')) };
});

async function helpOf(command: string): Promise<string> {
  let help = '';
  const stream = { write: (text: string) => (help += text) };
  await run([command, '--help'], { io: { stdout: stream, stderr: stream } });
  return help;
}

describe('the runbook', () => {
  it('gives commands, and options, that there are', async () => {
    expect(commands.length).toBeGreaterThan(15);
    for (const { text, name, options } of commands) {
      const help = await helpOf(name);
      expect(help, text).toContain(`Usage: topshelf ${name}`);
      for (const option of options) expect(help, text).toMatch(new RegExp(`${option}\\b`));
    }
  });

  it('names settings that there are', () => {
    const named = [...runbook.matchAll(/`(TOPSHELF_[A-Z_]+)`/g)].map(([, name]) => name ?? '');
    expect(named.length).toBeGreaterThan(5);
    const settings = { ...serverSettings.shape, ...publisherSettings.shape };
    expect(named.filter((name) => !(name in settings))).toEqual([]);
  });

  it('names dashboards that there are', () => {
    const named = [...runbook.matchAll(/dashboard "([^"]+)"/g)].map(([, title]) => title ?? '');
    expect(named.length).toBeGreaterThan(2);
    expect(named.filter((title) => !dashboards.some((each) => each.title === title))).toEqual([]);
  });
});
