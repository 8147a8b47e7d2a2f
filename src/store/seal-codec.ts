import * as z from 'zod';
import { messageOf, StoreError } from '../domain/errors.ts';
import type { Seal } from '../domain/seal.ts';
import { MAX_POPULAR } from '../domain/pointer.ts';
import type { LoadProgress } from './prediction-tables.ts';

const sealSchema = z.object({
  schemaVersion: z.literal(1),
  placement: z.string(),
  version: z.string(),
  users: z.int().min(0),
  contentHash: z.string(),
  generatedAt: z.iso.datetime({ offset: true }),
  popular: z.array(z.tuple([z.string(), z.number()])).max(MAX_POPULAR),
}) satisfies z.ZodType<Seal>;

/** The seal as the text of one attribute. */
export function encodeSeal(seal: Seal): string {
  return JSON.stringify(seal);
}

/** The seal in `text`. Throws StoreError where it is none. */
export function decodeSeal(text: string, table: string): Seal {
  try {
    return sealSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new StoreError(`the seal of table ${table} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

const progressSchema = z.object({
  contentHash: z.string(),
  users: z.int().min(0),
}) satisfies z.ZodType<LoadProgress>;

/** How far a load has come, as the text of one attribute. */
export function encodeProgress({ contentHash, users }: LoadProgress): string {
  return JSON.stringify({ contentHash, users });
}

/** The progress in `text`. Throws StoreError where it is none. */
export function decodeProgress(text: string, table: string): LoadProgress {
  try {
    return progressSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new StoreError(`the progress kept in table ${table} cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
