import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EXIT } from '../../src/cli/exit-codes.ts';
import { ROOT } from './dockerfile.ts';
import { unknownOptions } from './manifests.ts';

const read = (file: string) => readFileSync(join(ROOT, 'deploy/airflow', file), 'utf8');
const dag = read('topshelf_publish.py');

/** Exit codes by the task that follows. */
const outcomes = new Map(
  [...(/OUTCOMES = \{(.*)\}/.exec(dag)?.[1] ?? '').matchAll(/(\d+): "(\w+)"/g)].map(([, code, name]) => [
    name ?? '',
    Number(code),
  ]),
);

describe('the DAG for Airflow', () => {
  it('has a task for each way in which a publish can end, by the codes that the commands have', () => {
    expect(Object.fromEntries(outcomes)).toEqual({
      live: EXIT.done,
      stopped_by_gate: EXIT.gate,
      held: EXIT.lostOrHeld,
      not_everywhere: EXIT.notEverywhere,
    });
    for (const name of outcomes.keys()) {
      expect(dag).toMatch(new RegExp(`@task(\\(retries=0\\))?\\n    def ${name}\\(`));
      expect(dag).toMatch(new RegExp(`>> \\[.*\\b${name}\\(`));
    }
  });

  it('does not try again what would end the same way', () => {
    expect(/FATAL = \((.*)\)/.exec(dag)?.[1]).toBe(`${EXIT.usage}, ${EXIT.badData}`);
  });

  it('runs a command with options that exist, and Airflow’s name of the run', async () => {
    const options = [...dag.matchAll(/f?"(--[a-z-]+)[="]/g)].map(([, option]) => option ?? '');
    expect(options).toEqual(expect.arrayContaining(['--placement', '--run-id', '--wait', '--json']));
    expect(dag).toContain(`f"--run-id={context['run_id']}"`);
    expect(await unknownOptions(['publish', ...options])).toEqual([]);
  });

  it('is explained for each exit code', () => {
    const told = read('README.md')
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .flatMap((line) =>
        [...(line.split('|')[1] ?? '').matchAll(/`(\d+)`/g)].map(([, code]) => Number(code)),
      );
    expect(told.sort((a, b) => a - b)).toEqual(Object.values(EXIT).sort((a, b) => a - b));
  });
});
