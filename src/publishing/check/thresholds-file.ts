import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { messageOf, UsageError } from '../../domain/errors.ts';
import { isPlacement } from '../../domain/ids.ts';
import {
  DEFAULT_THRESHOLDS,
  THRESHOLD_NAMES,
  THRESHOLDS,
  type ThresholdName,
  type Thresholds,
} from '../../gate/thresholds.ts';
import { statRegularFile } from '../input/regular-file.ts';

const thresholds = z
  .strictObject(
    Object.fromEntries(
      THRESHOLD_NAMES.map((name) => {
        const [least, most] = THRESHOLDS[name].range;
        return [name, z.number().min(least).max(most)];
      }),
    ) as Record<ThresholdName, z.ZodNumber>,
  )
  .partial();

const file = z.strictObject({
  default: thresholds.optional(),
  placements: z
    .record(
      z.string().refine(isPlacement, { message: 'is no placement: 1 to 40 of a-z, 0-9 and _' }),
      thresholds,
    )
    .optional(),
});

/**
 * The thresholds of a placement: the defaults, under `default` of the file, under the placement's own in `placements`.
 * Throws UsageError that lists every mistake in the file, also one about another placement.
 */
export async function readThresholds(path: string | undefined, placement: string): Promise<Thresholds> {
  if (path === undefined) return DEFAULT_THRESHOLDS;
  const parsed = file.safeParse(await readJson(path));
  if (!parsed.success) {
    const mistakes = parsed.error.issues.map(
      ({ path: at, message }) => `  ${at.length === 0 ? 'the file' : at.join('.')}: ${message}`,
    );
    throw new UsageError(
      `the gate's thresholds in ${path} cannot be used:\n${mistakes.join('\n')}\n` +
        `Thresholds are ${THRESHOLD_NAMES.join(', ')}.`,
    );
  }
  const given = { ...parsed.data.default, ...parsed.data.placements?.[placement] };
  // Key by key: the order is always the same, and one left undefined takes nothing away.
  return Object.fromEntries(
    THRESHOLD_NAMES.map((name) => [name, given[name] ?? DEFAULT_THRESHOLDS[name]]),
  ) as Thresholds;
}

async function readJson(path: string): Promise<unknown> {
  try {
    await statRegularFile(path);
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw new UsageError(`the gate's thresholds cannot be read from ${path}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
