import * as z from 'zod';
import { UsageError } from '../domain/errors.ts';
import { isPlacement, shown } from '../domain/ids.ts';

const seen = z.strictObject({ epoch: z.int().min(0).nullable(), table: z.string().nullable() });

/** The version, then when the report was made, in the same form. */
const REPORT_ID = /^\d{8}T\d{6}Z-[0-9a-f]{6}-\d{8}T\d{6}Z-[0-9a-f]{6}$/;

/** Longest name of a person, in characters. */
const MAX_NAME_CHARACTERS = 80;

/** What every action says: on which state of the pointer it was decided, by whom, and why. */
const decision = {
  seen,
  by: z.string().trim().min(1, 'must name who acts').max(MAX_NAME_CHARACTERS),
  reason: z.string().trim().min(1, 'must say why'),
};

export const releaseBody = z.strictObject(decision);
export const rollbackBody = z.strictObject({ ...decision, to: z.string().optional() });
export const productsBody = z.strictObject({
  ...decision,
  productIds: z.array(z.string()).min(1, 'must name a product'),
  withCommas: z.boolean().default(false),
});
export const explainBody = z.strictObject({
  userId: z.string(),
  versions: z.int().min(1).max(20).default(4),
});
export const historyQuery = z.strictObject({
  count: z.coerce.number().int().min(1).max(200).default(20),
});

/** The part of a request as its schema has it. Throws UsageError that names every mistake. */
export function parsed<S extends z.ZodType>(schema: S, part: string, value: unknown): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const mistakes = result.error.issues.map(({ path, message }) => `${[part, ...path].join('.')}: ${message}`);
  throw new UsageError(mistakes.join('; '));
}

/** The id of a report in a path. Throws UsageError where it can be none. */
export function reportIdOf({ params }: { readonly params: unknown }): string {
  const { id } = params as { id: string };
  if (REPORT_ID.test(id)) return id;
  throw new UsageError(`report ${shown(id)} is not a version, a dash, and a version's form again`);
}

/** The placement of a path. Throws UsageError where it is no placement's name. */
export function placementOf({ params }: { readonly params: unknown }): string {
  const { placement } = params as { placement: string };
  if (isPlacement(placement)) return placement;
  throw new UsageError(`placement ${shown(placement)} is not 1 to 40 of a-z, 0-9 and _`);
}
