import { expect, it } from 'vitest';
import { writeError, writeResult, type Io } from '../../src/cli/output.ts';
import { createProgress } from '../../src/cli/progress.ts';
import { UnreachableError } from '../../src/domain/errors.ts';

// Who activated a version stands in the pointer: whoever may write that may write anything.
const TEXT = 'by eve\u001b[2J\u0007\r\u009b1m\n\té';

function written(work: (io: Io) => unknown): string {
  let text = '';
  const stream = { write: (more: string) => (text += more) };
  work({ stdout: stream, stderr: stream });
  return text;
}

it('characters that would steer a terminal are shown as what they are, in results, errors and warnings', () => {
  const shown = 'by eve\\x1b[2J\\x07\\x0d\\x9b1m\n\té\n';
  expect(written((io) => writeResult(io, false, { text: TEXT, json: {} }))).toBe(shown);
  expect(written((io) => writeError(io, false, new UnreachableError(TEXT)))).toBe(`topshelf: ${shown}`);
  expect(written(({ stderr }) => createProgress(stderr).on({ kind: 'warning', message: TEXT }))).toBe(
    `warning: ${shown}`,
  );
});

it('a document says them as JSON does', () => {
  const document = written((io) => writeResult(io, true, { text: '', json: { by: TEXT } }));
  expect(JSON.parse(document)).toEqual({ by: TEXT });
});
