import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { publisherSettings, serverSettings } from '../../src/config/config.ts';
import { EXIT } from '../../src/cli/exit-codes.ts';
import { run } from '../../src/cli/program.ts';
import { dashboards } from '../../deploy/grafana/definitions/all.ts';
import { ROOT } from './dockerfile.ts';
import { readDocuments } from './manifests.ts';

const runbook = readFileSync(join(ROOT, 'deploy/runbook.md'), 'utf8');

interface Service {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly clusterIP?: string; readonly ports: readonly { readonly port: number }[] };
}

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

  it('says of every exit code what to do', () => {
    const told = [...runbook.matchAll(/^\| (\d+) /gm)].map(([, code]) => Number(code));
    expect(told).toEqual(Object.values(EXIT).filter((code) => code !== EXIT.done));
  });

  it('names the replicas as the service for Kubernetes is named, and so do the README and the DAG', () => {
    const services = readDocuments<Service>('deploy/kubernetes/base/services.yaml');
    const headless = services.filter(({ spec }) => spec.clusterIP === 'None');
    expect(headless).toHaveLength(1);
    const addresses = headless.flatMap(({ metadata, spec }) =>
      spec.ports.map(({ port }) => `dns:${metadata.name}:${port}`),
    );
    const addressesIn = (file: string) =>
      // `dns:name:port` stands for any.
      readFileSync(join(ROOT, file), 'utf8').match(/dns:(?!name:port)[a-z-]+:\w+/g) ?? [];
    const files = ['deploy/runbook.md', 'README.md', 'deploy/airflow/topshelf_publish.py'];
    const named = files.map(addressesIn);
    expect(new Set(named.flat())).toEqual(new Set(addresses));
    expect(named[0]?.length).toBeGreaterThan(4);
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
