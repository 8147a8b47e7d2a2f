import * as z from 'zod';
import { MAX_ID_BYTES } from '../domain/ids.ts';
import { DEFAULT_LIMIT, DEFAULT_WISH } from '../serving/rendering.ts';

/** Most recommendations of an answer: as many as a version keeps for a user. */
const MAX_LIMIT = 20;
/** Most products that one request can exclude. */
export const MAX_EXCLUDED = 100;
/** Most users of one POST. */
const MAX_USERS = 100;

const userId = z
  .string()
  .min(1)
  .max(MAX_ID_BYTES)
  .meta({
    description: `1 to ${MAX_ID_BYTES} bytes of UTF-8, no control characters, not beginning with # or a byte-order mark`,
  });
const placement = z
  .string()
  .regex(/^[a-z0-9_]{1,40}$/)
  .optional()
  .meta({ description: 'a slot on a page; the configured default where it is left out' });
const limit = z
  .int()
  .min(1)
  .max(MAX_LIMIT)
  .default(DEFAULT_LIMIT)
  .meta({ description: 'most recommendations of an answer' });
const fallback = z
  .enum(['popular', 'none'])
  .default(DEFAULT_WISH.fallback)
  .meta({ description: 'none: no popular products in place of a prediction' });
const productId = z.string().min(1).max(MAX_ID_BYTES);

export const userParams = z.strictObject({ userId });

export const answerQuery = z.strictObject({
  placement,
  limit,
  exclude: z
    .array(z.string().max(MAX_EXCLUDED * (MAX_ID_BYTES + 1)))
    .max(MAX_EXCLUDED)
    .default([])
    .meta({ description: 'product ids to leave out, separated by commas; may be repeated' }),
  fallback,
});

export const answersBody = z.strictObject({
  userIds: z.array(userId).min(1).max(MAX_USERS),
  placement,
  limit,
  exclude: z.array(productId).max(MAX_EXCLUDED).default([]).meta({ description: 'product ids to leave out' }),
  fallback,
});

/** Of a POST: what is written there is meant for GET, and would do nothing. */
export const noQuery = z.strictObject({});

const reason = z
  .enum(['unknown-user', 'store-timeout', 'store-throttled', 'store-error', 'breaker-open', 'overloaded'])
  .optional()
  .meta({ description: 'why the answer is not personalized' });

/** One user's answer. */
export const answer = z.strictObject({
  userId: z.string(),
  placement: z.string(),
  version: z.string(),
  source: z.enum(['personalized', 'stale', 'popular']),
  reason,
  recommendations: z.array(z.strictObject({ productId: z.string(), score: z.number() })),
});

/** The answers of many users, in the order of the request. */
export const answers = z.strictObject({
  placement: z.string(),
  version: z.string(),
  answers: z.array(
    answer.extend({
      source: z
        .enum(['personalized', 'stale', 'popular', 'none'])
        .meta({ description: 'none only with fallback=none' }),
    }),
  ),
});

/** RFC 9457. */
export const problem = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
});

export type UserParams = z.output<typeof userParams>;
export type AnswerQuery = z.output<typeof answerQuery>;
export type AnswersBody = z.output<typeof answersBody>;

/** A schema as Fastify validates by it and the OpenAPI document shows it. */
export function jsonSchema(schema: z.ZodType, direction: 'input' | 'output'): Record<string, unknown> {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: 'draft-7', io: direction });
  return rest;
}
