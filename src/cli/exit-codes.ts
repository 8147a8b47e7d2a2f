import { TopshelfError, type ErrorCode } from '../domain/errors.ts';

/** What a command's exit code says, for scripts and schedulers: documented, so never renumbered. */
export const EXIT = {
  done: 0,
  /** A defect of topshelf, or an interruption. */
  unexpected: 1,
  /** Stopped by the gate, or quarantined; a rehearsal failed. */
  gate: 2,
  /** Another writer came first, or activations are held. */
  lostOrHeld: 3,
  notEverywhere: 4,
  /** The command line or configuration is wrong; also where it names something that does not exist. */
  usage: 64,
  badData: 65,
  unreachable: 69,
} as const;

const BY_CODE: Record<ErrorCode, number> = {
  usage: EXIT.usage,
  'not-found': EXIT.usage,
  'bad-input': EXIT.badData,
  'pointer-rejected': EXIT.badData,
  gate: EXIT.gate,
  quarantined: EXIT.gate,
  held: EXIT.lostOrHeld,
  'lost-race': EXIT.lostOrHeld,
  unreachable: EXIT.unreachable,
  'store-timeout': EXIT.unreachable,
  'store-throttled': EXIT.unreachable,
  'store-error': EXIT.unreachable,
  'table-missing': EXIT.unreachable,
  interrupted: EXIT.unexpected,
};

/** The exit code for anything thrown. */
export function exitCodeOf(error: unknown): number {
  return error instanceof TopshelfError ? BY_CODE[error.code] : EXIT.unexpected;
}
