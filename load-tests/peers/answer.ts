/** An answer of the size that topshelf gives, for peers that compute nothing. */
export const ANSWER = JSON.stringify({
  userId: 'u1234567',
  placement: 'home',
  version: '20261121T000000Z-00000a',
  source: 'constant',
  recommendations: Array.from({ length: 5 }, (_, rank) => ({
    productId: String(20_000 + rank * 131),
    score: Math.round(1e6 / (rank + 3)) / 1e6,
  })),
});

export const JSON_TYPE = 'application/json; charset=utf-8';

/** Tells whoever started this process where it listens. */
export function tellAddress(api: string): void {
  process.stdout.write(`${JSON.stringify({ api })}\n`);
}
