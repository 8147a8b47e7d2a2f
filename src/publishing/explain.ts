import { UsageError } from '../domain/errors.ts';
import { shown, userIdFault } from '../domain/ids.ts';
import type { Pointer } from '../domain/pointer.ts';
import { decodeItems } from '../domain/prediction.ts';
import { archivedVersions, openArchivedUsers } from './archived-user.ts';
import type { PublisherContext } from './context.ts';
import { readPointerState } from './pointer-state.ts';
import { retried } from './retry.ts';
import { versions, type VersionStatus } from './versions.ts';

export interface ExplainRequest {
  readonly placement: string;
  readonly userId: string;
  /** Versions to look at: the newest, and what is live. */
  readonly count: number;
}

/** One product in one version. */
export interface ExplainedProduct {
  readonly productId: string;
  readonly score: number;
  /** From 1. */
  readonly rank: number;
  /** Its rank in the version compared with; null where it has none there. */
  readonly rankBefore: number | null;
  /** Left out of every answer now. */
  readonly isBlocked: boolean;
  /** Its place in the answer of the live version, from 1; null for every other. */
  readonly answerPlace: number | null;
}

/** What one version gives the user. */
export interface ExplainedVersion {
  readonly version: string;
  /** `pruned`: the table is gone, and the archive tells. */
  readonly state: VersionStatus['state'] | 'pruned';
  readonly from: 'table' | 'archive';
  /** The next older version shown, if it has something for the user: what ranks are compared with. */
  readonly comparedWith: string | null;
  /** Null where the version has nothing for the user. */
  readonly products: readonly ExplainedProduct[] | null;
  /** Products that the version compared with has and this one has not. */
  readonly dropped: readonly string[];
}

export interface Explained {
  readonly placement: string;
  readonly userId: string;
  /** Newest first. */
  readonly versions: readonly ExplainedVersion[];
  readonly live: string | null;
  /** What the API answers without further parameters: products, or the popular ones where the user is unknown. */
  readonly answer: {
    readonly source: 'personalized' | 'popular';
    readonly productIds: readonly string[];
  } | null;
}

/** How many an answer holds unless its caller says otherwise. */
const ANSWER_PRODUCTS = 5;

/**
 * What each retained version gives a user, side by side, from the tables, strongly consistent, and from the archive
 * where a table is gone; and what of it is answered now. Servers may answer from their caches for a while yet.
 */
export async function explain(
  context: PublisherContext,
  { placement, userId, count }: ExplainRequest,
  signal: AbortSignal,
): Promise<Explained> {
  const fault = userIdFault(userId);
  if (fault !== undefined) throw new UsageError(`user id ${shown(userId)} ${fault}`);
  const state = await readPointerState(context, placement, signal);
  const pointer = state.kind === 'pointer' ? state.pointer : undefined;
  const found = await retained(context, placement, count, signal);
  const rankings = await rankingsOf(context, placement, userId, found, signal);
  const blocked = new Set(pointer?.blocked);
  const explained = found.map(({ version, state: kind, table }, index): ExplainedVersion => {
    const own = rankings[index] ?? null;
    const older = rankings[index + 1] ?? null;
    const before = new Map(older?.map(({ productId }, at) => [productId, at + 1]));
    let place = 0;
    const products = own?.map(({ productId, score }, at): ExplainedProduct => {
      const isBlocked = blocked.has(productId);
      const isAnswered = kind === 'live' && !isBlocked && place < ANSWER_PRODUCTS;
      if (isAnswered) place += 1;
      const rankBefore = before.get(productId) ?? null;
      return {
        productId,
        score,
        rank: at + 1,
        rankBefore,
        isBlocked,
        answerPlace: isAnswered ? place : null,
      };
    });
    const now = new Set(own?.map(({ productId }) => productId));
    const dropped = own === null ? [] : [...before.keys()].filter((productId) => !now.has(productId));
    const from = table === null ? 'archive' : 'table';
    const comparedWith = older === null ? null : (found[index + 1]?.version ?? null);
    return { version, state: kind, from, comparedWith, products: products ?? null, dropped };
  });
  const live = explained.find(({ state: kind }) => kind === 'live');
  return {
    placement,
    userId,
    versions: explained,
    live: live?.version ?? null,
    answer: live === undefined ? null : answerOf(live, pointer),
  };
}

type Retained = Pick<ExplainedVersion, 'version' | 'state'> & { readonly table: string | null };

/** The newest versions that have a sealed table or an archive, and what is live however old it is. */
async function retained(
  context: PublisherContext,
  placement: string,
  count: number,
  signal: AbortSignal,
): Promise<Retained[]> {
  // What an unsealed table holds is no version's answer yet.
  const tables = (await versions(context, placement, signal)).filter(({ state }) => state !== 'unsealed');
  const known = new Set(tables.map(({ version }) => version));
  const pruned = (await archivedVersions(context, placement, signal)).filter(
    (version) => !known.has(version),
  );
  const all: Retained[] = [
    ...tables.map(({ version, table, state }) => ({ version, table, state })),
    ...pruned.map((version) => ({ version, table: null, state: 'pruned' as const })),
  ].sort((a, b) => (a.version < b.version ? 1 : -1));
  return all.filter(({ state }, index) => index < count || state === 'live');
}

async function rankingsOf(
  context: PublisherContext,
  placement: string,
  userId: string,
  found: readonly Retained[],
  signal: AbortSignal,
) {
  const archived = found.some(({ table }) => table === null)
    ? await openArchivedUsers(context, signal)
    : undefined;
  try {
    const rankings = [];
    for (const { version, table } of found) {
      const read = (name: string) => context.tables.readBack(name, [userId], signal);
      const items =
        table === null
          ? await archived?.itemsOf(placement, version, userId)
          : (await retried(() => read(table), signal)).get(userId);
      rankings.push(items === undefined || items === null ? null : decodeItems(items));
    }
    return rankings;
  } finally {
    await archived?.close();
  }
}

function answerOf({ products }: ExplainedVersion, pointer: Pointer | undefined): Explained['answer'] {
  if (products !== null) {
    const answered = products.filter(({ answerPlace }) => answerPlace !== null);
    return { source: 'personalized', productIds: answered.map(({ productId }) => productId) };
  }
  const popular = pointer?.popular.filter(([productId]) => !pointer.blocked.includes(productId)) ?? [];
  return { source: 'popular', productIds: popular.slice(0, ANSWER_PRODUCTS).map(([productId]) => productId) };
}
