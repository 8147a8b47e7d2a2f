import { InterruptedError, messageOf, TopshelfError } from '../domain/errors.ts';
import { shown } from '../domain/ids.ts';
import type { Run } from './runs.ts';

/** What an interrupted load left, and how to go on. */
export function interrupted({ runId, table }: Run, error: unknown): InterruptedError {
  const left =
    runId === undefined
      ? `table ${table} was not finished: it is never activated, and may be deleted`
      : `the same command with the same run id, ${shown(runId)}, goes on with table ${table}, which is never activated before it is sealed`;
  return new InterruptedError(left, { cause: error });
}

/** The error of a load whose table is there, which says what becomes of that. */
export function abandoned({ runId, table }: Run, error: unknown): Error {
  const next =
    runId === undefined
      ? 'and may be deleted'
      : 'and the same command with the same run id goes on from there';
  const message = `${messageOf(error)}. Table ${table} stays without a seal: it is never activated, ${next}.`;
  if (!(error instanceof TopshelfError)) return new Error(message, { cause: error });
  // The same error, so that it stays of its class, with whatever that carries.
  error.message = message;
  return error;
}
