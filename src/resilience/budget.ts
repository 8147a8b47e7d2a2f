/** Pays for work beyond what was asked for (hedges, retries), so that it stays a share of it whatever happens. */
export interface Budget {
  /** So many were asked for. */
  earn(count: number): void;
  /** Takes what so many extra ones cost: false, and nothing is taken, where there is not enough. */
  spend(count: number): boolean;
}

export interface BudgetOptions {
  /** Extra ones for each that was asked for. */
  readonly share: number;
  /** Most that can be saved up: what a burst may spend after any length of quiet. */
  readonly most: number;
  /** What there is at the start. */
  readonly first: number;
}

/**
 * A budget that counts requests, not time: the share is the same at one a second and at ten thousand, and an idle hour
 * neither adds to it nor takes from it.
 */
export function createBudget({ share, most, first }: BudgetOptions): Budget {
  let saved = first;
  return {
    earn(count) {
      saved = Math.min(most, saved + count * share);
    },
    spend(count) {
      if (saved < count) return false;
      saved -= count;
      return true;
    },
  };
}
