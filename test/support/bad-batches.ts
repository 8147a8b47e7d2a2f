/** A fault of a batch, as SQL: what the batch is with the fault in a part of it. */
export interface Fault {
  readonly name: string;
  /** How much of the batch the fault is in at full strength, from 0 to 1; half and a tenth of it are the others. */
  readonly full: number;
  /**
   * A query with the columns of a batch. It reads the tables `batch` (the day) and `previous` (the day before), each
   * with userId, productId, score and position.
   */
  readonly apply: (share: number) => string;
}

export const STRENGTHS = { full: 1, half: 0.5, tenth: 0.1 } as const;
export type Strength = keyof typeof STRENGTHS;

/** Whether a user is among this share of all, chosen by hash: the same ones in every run. */
const among = (share: number, id = 'userId') => `hash(${id}) % 100000 < ${Math.round(share * 100_000)}`;
const batch = 'SELECT userId, productId, score, position FROM batch';

export const faults: readonly Fault[] = [
  {
    name: 'half the users gone',
    full: 0.5,
    apply: (share) => `${batch} WHERE NOT ${among(share)}`,
  },
  {
    name: 'one list for everybody',
    full: 1,
    apply: (share) => `
      SELECT u.userId, l.productId, l.score, l.position
      FROM (SELECT DISTINCT userId FROM batch WHERE ${among(share)}) u
      CROSS JOIN (SELECT * FROM batch WHERE userId = (SELECT min(userId) FROM batch)) l
      UNION ALL ${batch} WHERE NOT ${among(share)}`,
  },
  {
    name: 'users shuffled',
    full: 1,
    apply: (share) => `
      WITH chosen AS (
        SELECT userId, row_number() OVER (ORDER BY hash(userId)) AS i, count(*) OVER () AS n
        FROM (SELECT DISTINCT userId FROM batch WHERE ${among(share)})
      )
      SELECT t.userId, b.productId, b.score, b.position
      FROM chosen f JOIN chosen t ON t.i = f.i % f.n + 1 JOIN batch b ON b.userId = f.userId
      UNION ALL ${batch} WHERE NOT ${among(share)}`,
  },
  {
    name: 'constant scores',
    full: 1,
    apply: (share) => `
      SELECT userId, productId, CASE WHEN ${among(share)} THEN 0.5 ELSE score END AS score, position FROM batch`,
  },
  {
    name: 'scores shrunk tenfold',
    full: 1,
    apply: (share) => `
      SELECT userId, productId, CASE WHEN ${among(share)} THEN score / 10 ELSE score END AS score, position
      FROM batch`,
  },
  {
    name: 'lists cut to two',
    full: 1,
    apply: (share) => `${batch} WHERE position <= 2 OR NOT ${among(share)}`,
  },
  {
    name: 'yesterday’s file again',
    full: 1,
    apply: (share) => `
      SELECT userId, productId, score, position FROM previous WHERE ${among(share)}
      UNION ALL ${batch} WHERE NOT ${among(share)}`,
  },
  {
    name: '30 % unknown products',
    full: 0.3,
    apply: (share) => `
      SELECT userId, CASE WHEN ${among(share, 'userId || productId')} THEN 'x' || productId ELSE productId END
        AS productId, score, position FROM batch`,
  },
  {
    name: 'columns swapped',
    full: 1,
    // What the loader makes of it: the products are the users, each with its 20 best of the customers.
    apply: (share) => `
      SELECT * FROM (
        SELECT userId, productId, score, row_number() OVER (PARTITION BY userId ORDER BY score DESC, productId)
          AS position
        FROM (
          SELECT productId AS userId, userId AS productId, score FROM batch WHERE ${among(share)}
          UNION ALL SELECT userId, productId, score FROM batch WHERE NOT ${among(share)}
        )
      ) WHERE position <= 20`,
  },
];

/** The day with new users, a share of those it had, who get lists of others. */
export function withNewUsers(share: number): string {
  return `${batch} UNION ALL SELECT 'new-' || userId, productId, score, position FROM batch WHERE ${among(share)}`;
}
