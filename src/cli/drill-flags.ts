/** What `topshelf drill` is asked for. */
export interface DrillFlags {
  readonly placement?: string;
  readonly user: readonly string[];
  readonly usersFile?: string;
  readonly seconds: number;
  readonly rate: number;
  /** Milliseconds. */
  readonly allowance: number;
  readonly only?: readonly string[];
  readonly json?: true;
  readonly demo?: true;
}
