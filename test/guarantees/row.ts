/** A test that proves a guarantee, or part of one. */
export interface Proof {
  /** What vitest runs, from the repository's root. */
  readonly file: string;
  /** The test's own title, as it stands in the code. */
  readonly title: string;
  /** Where the title stands, if the file only calls a contract. */
  readonly source?: string;
}

/** One guarantee. It has proofs, or figures of load tests, or says what would prove it. */
export interface Row {
  readonly number: number;
  readonly guarantee: string;
  readonly proofs?: readonly Proof[];
  /** A change of the code that was tried, and makes a proof fail. */
  readonly failsWhen?: string;
  /** Scenarios of the load tests whose recorded figures belong here. */
  readonly load?: readonly string[];
  /** What is not proven here, and what would. */
  readonly notProven?: string;
}
