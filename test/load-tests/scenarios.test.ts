import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SCENARIOS } from '../../load-tests/scenarios/all.ts';

const FOLDER = resolve(import.meta.dirname, '../../load-tests');
const readme = readFileSync(join(FOLDER, 'README.md'), 'utf8');

describe('the load tests’ README', () => {
  it.each(SCENARIOS)('has $name with its question, as its file has', ({ name, question }) => {
    expect(readme).toMatch(new RegExp(`^\\| \`${name}\` +\\| ${question.replaceAll('?', '\\?')} +\\|$`, 'm'));
    expect(readFileSync(join(FOLDER, 'scenarios', `${name}.ts`), 'utf8')).toContain(question);
  });

  it('lists no scenario that does not exist', () => {
    const listed = [...readme.matchAll(/^\| `([a-z-]+)` /gm)].map(([, name]) => name);
    expect(listed).toEqual(SCENARIOS.map(({ name }) => name));
  });
});
