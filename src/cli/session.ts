import { TopshelfError } from '../domain/errors.ts';
import type { PublisherContext } from '../publishing/context.ts';
import type { OnProgress } from '../publishing/progress.ts';
import { EXIT } from './exit-codes.ts';
import { writeError, writeResult, type CommandResult, type Io } from './output.ts';
import { createProgress } from './progress.ts';

/** One run of the program: what its commands need, and the exit code they leave. */
export interface Session {
  readonly io: Io;
  openPublisher(flags: { readonly demo?: boolean }): Promise<PublisherContext>;
  exitCode: number;
}

/** Flags that every publishing command has. */
export interface CommonFlags {
  readonly json?: boolean;
  readonly demo?: boolean;
}

/** What a publishing command works with. */
export interface Work {
  readonly context: PublisherContext;
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal;
}

/** Opens what the command needs, does the work, says what came of it, and closes everything whatever happened. */
export async function runPublishing(
  session: Session,
  flags: CommonFlags,
  work: (work: Work) => Promise<CommandResult>,
): Promise<void> {
  const { io } = session;
  const asJson = flags.json === true;
  const interruption = new AbortController();
  const stopListening = onInterrupt((signal) => interruption.abort(new Error(`stopped by ${signal}`)));
  const progress = createProgress(io.stderr);
  try {
    const context = await session.openPublisher(flags.demo === true ? { demo: true } : {});
    try {
      const result = await work({ context, onProgress: progress.on, signal: interruption.signal });
      progress.end();
      writeResult(io, asJson, result);
    } finally {
      await context.close();
    }
  } catch (error) {
    progress.end();
    session.exitCode = fail(session, asJson, error, interruption.signal);
  } finally {
    stopListening();
  }
}

/** The warnings of a result, for people: they belong to stderr. */
export function warn(onProgress: OnProgress, warnings: readonly string[]): void {
  for (const message of warnings) onProgress({ kind: 'warning', message });
}

/** Says what went wrong, or that it was interrupted; returns the exit code. */
export function fail(
  { io }: Session,
  asJson: boolean,
  error: unknown,
  { aborted, reason }: AbortSignal,
): number {
  if (!aborted) return writeError(io, asJson, error);
  // Whatever the interruption made of the work, it is the interruption that ended it, and no defect.
  const { message } = reason as Error;
  writeError(io, asJson, error instanceof TopshelfError ? `${message}: ${error.message}` : message);
  return EXIT.unexpected;
}

/** Listens for the first interruption only, so that a second one ends the process as usual. */
export function onInterrupt(listener: (signal: NodeJS.Signals) => void): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.once(signal, listener);
  return () => {
    for (const signal of signals) process.removeListener(signal, listener);
  };
}
