import { GateError, messageOf, TopshelfError } from '../domain/errors.ts';
import { exitCodeOf } from './exit-codes.ts';

/** The part of a stream that commands write to. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

/** Where a command's words go: its result to `stdout`, everything else to `stderr`. */
export interface Io {
  readonly stdout: Output;
  readonly stderr: Output;
}

/** The process's own streams. */
export const processIo: Io = { stdout: process.stdout, stderr: process.stderr };

/** What a command found out or did: for machines, and for people. */
export interface CommandResult {
  readonly json: unknown;
  readonly text: string;
}

export function writeResult({ stdout }: Io, asJson: boolean, { json, text }: CommandResult): void {
  stdout.write(asJson ? `${JSON.stringify(json, null, 2)}\n` : `${harmless(text)}\n`);
}

/** Says what went wrong, once: as a document on stdout where JSON was asked for. Returns the exit code. */
export function writeError({ stdout, stderr }: Io, asJson: boolean, error: unknown): number {
  const exitCode = exitCodeOf(error);
  const message = messageOf(error);
  if (asJson) {
    const code = error instanceof TopshelfError ? error.code : 'unexpected';
    const report = error instanceof GateError ? { check: error.report } : {};
    stdout.write(`${JSON.stringify({ error: { code, message }, ...report, exitCode }, null, 2)}\n`);
    return exitCode;
  }
  // Only a defect needs its stack; whoever reads an expected failure needs its message.
  const isDefect = error instanceof Error && !(error instanceof TopshelfError);
  stderr.write(`topshelf: ${harmless(isDefect ? (error.stack ?? message) : message)}\n`);
  return exitCode;
}

/** Text for a terminal: what whoever writes pointers or names files put there must not move a terminal's cursor, or clear what it shows. */
export function harmless(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) =>
    character === '\n' || character === '\t'
      ? character
      : `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
