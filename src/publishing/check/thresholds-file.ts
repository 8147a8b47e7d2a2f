import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import * as z from 'zod';
import { messageOf, UsageError } from '../../domain/errors.ts';
import { isPlacement, shown } from '../../domain/ids.ts';
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

/** A file of thresholds, and what of it a placement is judged by, as a check's report tells. */
export interface GateConfigIdentity {
  readonly file: string;
  /** `default`, and `placements.` with the placement's name; none where the file says nothing of the placement. */
  readonly sections: string[];
}

export interface PlacementThresholds {
  readonly thresholds: Thresholds;
  /** Null where no file was named. */
  readonly gateConfig: GateConfigIdentity | null;
}

/**
 * The thresholds of a placement: the defaults, under `default` of the file, under the placement's own in `placements`.
 * Throws UsageError that lists every mistake in the file, also one about another placement.
 */
export async function readThresholds(
  path: string | undefined,
  placement: string,
): Promise<PlacementThresholds> {
  if (path === undefined) return { thresholds: DEFAULT_THRESHOLDS, gateConfig: null };
  const parsed = file.safeParse(await readJson(path), { reportInput: true });
  if (!parsed.success) {
    const mistakes = parsed.error.issues.map(
      (issue) => `  ${issue.path.length === 0 ? 'the file' : issue.path.join('.')}: ${mistakeIn(issue)}`,
    );
    throw new UsageError(
      `the gate's thresholds in ${path} cannot be used:\n${mistakes.join('\n')}\n` +
        `Thresholds are ${THRESHOLD_NAMES.join(', ')}.`,
    );
  }
  const ofAll = parsed.data.default;
  const own = parsed.data.placements?.[placement];
  const given = { ...ofAll, ...own };
  // Key by key: the order is always the same, and one left undefined takes nothing away.
  const thresholds = Object.fromEntries(
    THRESHOLD_NAMES.map((name) => [name, given[name] ?? DEFAULT_THRESHOLDS[name]]),
  ) as Thresholds;
  const sections = [
    ...(ofAll === undefined ? [] : ['default']),
    ...(own === undefined ? [] : [`placements.${placement}`]),
  ];
  return { thresholds, gateConfig: { file: basename(path), sections } };
}

function mistakeIn(issue: z.core.$ZodIssue): string {
  // What is wrong with a key is said inside.
  if (issue.code === 'invalid_key') return issue.issues.map(({ message }) => message).join('; ');
  if (issue.code === 'unrecognized_keys') return issue.message;
  return `${issue.message}, got ${shown(issue.input)}`;
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
