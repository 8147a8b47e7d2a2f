import { describe, expect, it } from 'vitest';
import lock from '../../package-lock.json' with { type: 'json' };
import manifest from '../../package.json' with { type: 'json' };
import { readAudit } from './read-audit.ts';

interface Locked {
  readonly license?: string;
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
}

/** Licences that let a shop run this, change it and pass it on without opening anything of its own. */
const LICENCES = ['0BSD', 'Apache-2.0', 'BlueOak-1.0.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT'];

const packages = Object.entries(lock.packages as Readonly<Record<string, Locked>>).filter(
  ([path]) => path !== '',
);
const nameOf = (path: string) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

describe('the dependencies', () => {
  it('that are deployed have licences of the list', () => {
    const deployed = packages.filter(([, { dev }]) => dev !== true);
    expect(deployed.length).toBeGreaterThan(50);
    const others = deployed.filter(([, { license }]) => !LICENCES.includes(license ?? ''));
    expect(others.map(([path, { license }]) => `${nameOf(path)}: ${license ?? 'no licence'}`)).toEqual([]);
  });

  it('run no install script but those that package.json decides on by name', () => {
    const withScript = packages.filter(([, { hasInstallScript }]) => hasInstallScript === true);
    const names = [...new Set(withScript.map(([path]) => nameOf(path)))].sort();
    expect(names).toEqual(Object.keys(manifest.allowScripts).sort());
    expect(names.filter((name) => manifest.allowScripts[name as 'node'])).toEqual(['node']);
  });

  it('are locked without the address of a registry', () => {
    expect(JSON.stringify(lock)).not.toMatch(/"resolved":"http/);
  });
});

describe('npm run audit', () => {
  it('passes where nothing is known, and fails on a finding, which it names', () => {
    const clean = { metadata: { vulnerabilities: { total: 0 } } };
    expect(readAudit(JSON.stringify(clean), '')).toMatchObject({ passed: true });
    const found = {
      metadata: { vulnerabilities: { total: 1 } },
      vulnerabilities: { fastify: { severity: 'high', range: '<5.8.1' } },
    };
    const { passed, text } = readAudit(JSON.stringify(found), '');
    expect(passed).toBe(false);
    expect(text).toContain('fastify <5.8.1: high');
  });

  it.each([
    [
      'a registry that knows no such question',
      '{"message":"405 Method Not Allowed","error":{}}',
      '',
      '405 Method',
    ],
    ['no network', '', 'npm error code ENOTFOUND', 'ENOTFOUND'],
    ['something else than JSON', '<html>', '', 'no answer'],
  ])('says plainly that it was not audited: %s', (_, stdout, stderr, why) => {
    const { passed, text } = readAudit(stdout, stderr);
    expect(passed).toBe(true);
    expect(text).toMatch(/^NOT AUDITED/);
    expect(text).toContain(why);
  });
});
