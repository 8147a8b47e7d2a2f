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
