import { TopshelfError, type ErrorCode } from '../domain/errors.ts';
import { problems, type Problem } from '../http/problems.ts';

/** Every refusal and failure of the publishing functions, as the console's callers see it. */
const BY_CODE: Record<ErrorCode, readonly [status: number, title: string]> = {
  usage: [400, 'Bad request'],
  'bad-input': [400, 'Bad request'],
  'not-found': [404, 'Not found'],
  'lost-race': [409, 'The pointer has moved'],
  held: [409, 'Held'],
  quarantined: [409, 'Quarantined'],
  gate: [409, 'Stopped by the gate'],
  'pointer-rejected': [409, 'The pointer cannot be read'],
  unreachable: [503, 'Not reachable'],
  'store-timeout': [503, 'Not reachable'],
  'store-throttled': [503, 'Not reachable'],
  'store-error': [503, 'Not reachable'],
  'table-missing': [503, 'Not reachable'],
  interrupted: [503, 'Interrupted'],
};

/** A problem document for anything thrown; undefined for a defect, whose details are for the log alone. */
export function problemOf(error: unknown): Problem | undefined {
  if (error instanceof TopshelfError) {
    const [status, title] = BY_CODE[error.code];
    return { status, title, detail: error.message };
  }
  const { statusCode = 500, message } = error as { statusCode?: number; message: string };
  return statusCode >= 400 && statusCode < 500 ? problems.refused(statusCode, message) : undefined;
}
