export type Row = readonly [userId: string, productId: string, score: number, rank: number];

/** What reading rows comes to, as one would write it without a thought for size. */
export function model(rows: readonly Row[], ranked: boolean, keep: number) {
  const bytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
  const rankOf = (at: (typeof rows)[number]) => (ranked ? at[3] : 0);
  return [...Map.groupBy(rows, ([user]) => user)]
    .sort(([a], [b]) => bytes(a, b))
    .map(([userId, own]) => {
      const best = [...Map.groupBy(own, ([, product]) => product).values()].map(
        (same) => same.toSorted((a, b) => b[2] - a[2] || rankOf(a) - rankOf(b))[0]!,
      );
      best.sort((a, b) => rankOf(a) - rankOf(b) || b[2] - a[2] || bytes(a[1], b[1]));
      return {
        userId,
        items: JSON.stringify(best.slice(0, keep).map(([, product, score]) => [product, score])),
      };
    });
}
