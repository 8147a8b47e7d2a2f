/** What a publishing command reports while it works; the CLI shows it, nothing else depends on it. */
export type ProgressEvent =
  | { readonly kind: 'fetching'; readonly path: string; readonly bytes: number }
  | { readonly kind: 'reading'; readonly path: string }
  | { readonly kind: 'read'; readonly rows: number; readonly users: number; readonly duplicates: number }
  /** Rows that were left out, and the file that holds them. */
  | { readonly kind: 'rejected'; readonly rows: number; readonly path: string }
  | { readonly kind: 'table-created'; readonly table: string }
  /** A run goes on where an earlier process left it. */
  | { readonly kind: 'resumed'; readonly table: string; readonly users: number }
  | { readonly kind: 'loaded-already'; readonly version: string; readonly table: string }
  /** Users acknowledged by the store so far. */
  | { readonly kind: 'written'; readonly users: number; readonly of: number }
  /** Users whose items lie in S3, to be imported; users that the store has imported. */
  | { readonly kind: 'uploaded' | 'imported'; readonly users: number; readonly of: number }
  | { readonly kind: 'read-back'; readonly users: number }
  | { readonly kind: 'sealed'; readonly version: string; readonly table: string }
  /** A step of a check, in words: what is fetched, what is measured. */
  | { readonly kind: 'checking'; readonly step: string }
  | { readonly kind: 'warning'; readonly message: string };

export type OnProgress = (event: ProgressEvent) => void;

export const unheard: OnProgress = () => undefined;
