import { messageOf } from '../domain/errors.ts';
import type { ServingObserver } from './observer.ts';

/** The part of a logger that is used. */
export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** Logs what happens rarely. What happens per request is a metric, never a line. */
export function logServing(log: Log): Partial<ServingObserver> {
  // A pointer store that is away would fill the log: one line when it goes, one when it is back.
  const unreadable = new Set<string>();
  return {
    adopted(adoption) {
      const { placement, version, previousVersion, from } = adoption;
      const verb = version === previousVersion ? 'keeps' : 'now serves';
      log.info(adoption, `placement ${placement} ${verb} version ${version} (${from})`);
    },
    warmedUp(placement, outcome, users, seconds) {
      if (outcome === 'complete') return;
      log.warn(
        { placement, outcome, users, seconds },
        `the next version of ${placement} is not fully warmed up: ${outcome}`,
      );
    },
    breakerChanged: (placement, state) =>
      log.warn({ placement, state }, `the breaker of placement ${placement} is ${state}`),
    pointerRead(placement) {
      if (unreadable.delete(placement))
        log.info({ placement }, `the pointer of ${placement} can be read again`);
    },
    pointerUnreadable(placement, error) {
      if (unreadable.has(placement)) return;
      unreadable.add(placement);
      log.warn(
        { placement, error: messageOf(error) },
        `the pointer of ${placement} cannot be read; what is served stays as it is`,
      );
    },
    pointerRejected: (placement, reason, message, willRetry) =>
      log.warn(
        { placement, reason, willRetry },
        `the pointer of ${placement} is not adopted (${willRetry ? 'to be tried again' : 'refused'}): ${message}`,
      ),
    savedPointerFailed: (placement, error) =>
      log.warn(
        { placement, error: messageOf(error) },
        `the pointer of ${placement} could not be saved or loaded`,
      ),
  };
}
