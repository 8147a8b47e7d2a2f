import { createHash } from 'node:crypto';

// Where publishers keep their records in the archive. Epochs are sorted as numbers, so they are not padded.

export function manifestKey(placement: string, version: string): string {
  return `${placement}/versions/${version}/manifest.json`;
}

export function predictionsKey(placement: string, version: string): string {
  return `${placement}/versions/${version}/predictions.parquet`;
}

export function activationsPrefix(placement: string): string {
  return `${placement}/activations/`;
}

export function activationKey(placement: string, epoch: number): string {
  return `${activationsPrefix(placement)}${epoch}.json`;
}

export function runsPrefix(placement: string): string {
  return `${placement}/runs/`;
}

export function runKey(placement: string, runId: string): string {
  return `${runsPrefix(placement)}${runName(runId)}.json`;
}

/** Where the attempts at importing a run's table are recorded. */
export function importsPrefix(placement: string, runId: string): string {
  return `${runsPrefix(placement)}${runName(runId)}/import-`;
}

/** The record of one attempt at importing a run's table, counted from 1. */
export function importKey(placement: string, runId: string, attempt: number): string {
  return `${importsPrefix(placement, runId)}${attempt}.json`;
}

/** The part of a key that stands for a run: schedulers' ids hold colons and plus signs, which keys may not. */
function runName(runId: string): string {
  const readable = runId
    .replace(/[^A-Za-z0-9_.-]/g, '_')
    .replace(/^[.-]/, '_')
    .slice(0, 60);
  return `${readable}-${createHash('sha256').update(runId).digest('hex').slice(0, 16)}`;
}

export function versionsPrefix(placement: string): string {
  return `${placement}/versions/`;
}

export function allChecksPrefix(placement: string): string {
  return `${placement}/checks/`;
}

/** The version whose predictions this key holds; undefined for any other key. */
export function versionOfPredictions(placement: string, key: string): string | undefined {
  const [version = '', file, ...rest] = key.slice(versionsPrefix(placement).length).split('/');
  return file === 'predictions.parquet' && rest.length === 0 ? version : undefined;
}

export function erasureKey(placement: string, id: string): string {
  return `${placement}/erasures/${id}.json`;
}

/** Where the gate reports on a version begin: the version comes first, so that listing them lists no others. */
export function checksPrefix(placement: string, version: string): string {
  return `${placement}/checks/${version}-`;
}

export function checkKey(placement: string, checkId: string): string {
  return `${placement}/checks/${checkId}.json`;
}
