import * as z from 'zod';
import { isPlacement, shown } from '../domain/ids.ts';
import { isTablePrefix } from '../domain/version.ts';
import { UsageError } from '../domain/errors.ts';
import { parseArchiveLocation, parsePointerLocation } from './locations.ts';

/** The variables of the environment, or what stands for them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A setting's text that `parse` understands; `expected` completes "must be …". */
export function parsed<T>(expected: string, parse: (text: string) => T | undefined) {
  return z.string().transform((text, context): T => {
    const value = parse(text.trim());
    if (value !== undefined) return value;
    context.issues.push({ code: 'custom', message: `must be ${expected}, got ${shown(text)}`, input: text });
    return z.NEVER;
  });
}

/** As `parsed`, for what no message may show. */
export function secret(expected: string, isValid: (text: string) => boolean) {
  return z.string().refine(isValid, { message: `must be ${expected}` });
}

/** A whole number within limits, both allowed. */
export function wholeNumber(min: number, max: number) {
  return parsed(`a whole number from ${min} to ${max}`, (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : NaN;
    return value >= min && value <= max ? value : undefined;
  });
}

export const flag = parsed('true or false', (text) =>
  ['true', '1'].includes(text) ? true : ['false', '0'].includes(text) ? false : undefined,
);

export const placement = parsed('1 to 40 of a-z, 0-9 and _', (text) =>
  isPlacement(text) ? text : undefined,
);

/** A list of placements, or `*` for all that have a pointer. */
export const placements = parsed('placements separated by commas (a-z, 0-9, _), or *', (text) => {
  if (text === '*') return '*' as const;
  const names = text.split(',').map((name) => name.trim());
  return names.every(isPlacement) ? [...new Set(names)] : undefined;
});

export const pointerLocation = parsed(
  's3://bucket/prefix (bucket names have 3 to 63 characters), zookeeper://host:port,host:port/root or file:///absolute/path',
  parsePointerLocation,
);

export const archiveLocation = parsed(
  's3://bucket/prefix (bucket names have 3 to 63 characters) or file:///absolute/path',
  parseArchiveLocation,
);

export const tablePrefix = parsed('1 to 60 of A-Z, a-z, 0-9, _, . and -', (text) =>
  isTablePrefix(text) ? text : undefined,
);

/**
 * Settings read from the environment by a schema whose keys are the variables' names; an empty variable counts as
 * absent. Throws UsageError that lists every mistake at once, missing and not valid told apart.
 */
export function readSettings<S extends z.ZodObject>(schema: S, environment: Environment): z.output<S> {
  const given = Object.fromEntries(
    Object.keys(schema.shape).flatMap((name) => {
      const text = environment[name];
      return text === undefined || text.trim() === '' ? [] : [[name, text]];
    }),
  );
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const mistakes = result.error.issues.map((issue) => {
    const name = issue.path.join('.');
    return name in given
      ? `  ${name} ${issue.message}`
      : `  ${name} is missing: ${descriptionOf(schema, name)}`;
  });
  throw new UsageError(`the configuration cannot be used:\n${mistakes.join('\n')}`);
}

function descriptionOf(schema: z.ZodObject, name: string): string {
  return (schema.shape[name] as z.ZodType | undefined)?.description ?? 'it has no default';
}
