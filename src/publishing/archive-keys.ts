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

/** Where the gate reports on a version begin: the version comes first, so that listing them lists no others. */
export function checksPrefix(placement: string, version: string): string {
  return `${placement}/checks/${version}-`;
}

export function checkKey(placement: string, checkId: string): string {
  return `${placement}/checks/${checkId}.json`;
}
