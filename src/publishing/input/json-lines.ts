import { BadInputError } from '../../domain/errors.ts';
import { openContent, type InputFile } from './input-file.ts';

/** One line of a file of newline JSON. */
export interface JsonLine {
  /** Counted from 1; blank lines are no records. */
  readonly record: number;
  readonly line: number;
  readonly text: string;
  /** The object in it; undefined where it holds none. */
  readonly value?: Readonly<Record<string, unknown>>;
  readonly fault?: string;
}

const MAX_LINE_BYTES = 16 * 1024 * 1024;
const NEWLINE = 10;

/** The lines of a file of newline JSON, blank ones left out. Throws BadInputError for a line of more than 16 MB. */
export async function* jsonLines(file: InputFile): AsyncGenerator<JsonLine> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let record = 0;
  let line = 0;
  const read = (bytes: Buffer): JsonLine | undefined => {
    line += 1;
    let text: string;
    try {
      text = decoder.decode(bytes);
    } catch {
      return { record: ++record, line, text: bytes.toString(), fault: 'is not valid UTF-8' };
    }
    if (line === 1 && text.startsWith('\ufeff')) text = text.slice(1);
    if (text.trim() === '') return undefined;
    return { record: ++record, line, text, ...parsed(text) };
  };

  let rest: Buffer[] = [];
  let restBytes = 0;
  for await (const chunk of openContent(file)) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      const part = chunk.subarray(from, end);
      const found = read(rest.length === 0 ? part : Buffer.concat([...rest, part]));
      rest = [];
      restBytes = 0;
      from = end + 1;
      if (found !== undefined) yield found;
    }
    if (from < chunk.length) rest.push(chunk.subarray(from));
    restBytes += chunk.length - from;
    if (restBytes > MAX_LINE_BYTES) {
      throw new BadInputError(`${file.path}: line ${line + 1} is longer than 16 MB; write one object a line`);
    }
  }
  const last = rest.length === 0 ? undefined : read(Buffer.concat(rest));
  if (last !== undefined) yield last;
}

function parsed(text: string): Pick<JsonLine, 'value' | 'fault'> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return { value: value as Record<string, unknown> };
    }
    return { fault: 'is not a JSON object' };
  } catch (error) {
    return { fault: `is not JSON: ${(error as Error).message.slice(0, 100)}` };
  }
}

/** A JSON value as the text that a CSV file would have in its place; undefined where it can stand for none. */
export function scalarText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  return value === undefined || value === null ? '' : undefined;
}

/**
 * An id as text. Whole numbers count as their digits, as far as JSON's readers agree on them (up to 2^53); a fraction
 * is no id: there is more than one way to write it.
 */
export function idText(value: unknown): string | undefined {
  return typeof value === 'number' && !Number.isSafeInteger(value) ? undefined : scalarText(value);
}
