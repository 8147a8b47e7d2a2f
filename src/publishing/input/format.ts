import { BadInputError } from '../../domain/errors.ts';
import type { InputFile } from './input-file.ts';
import type { Format } from './input-request.ts';

const PARQUET_MAGIC = Buffer.from('PAR1');

/**
 * The format of a file by its first bytes; names lie too often (`part-00000`). Throws BadInputError for a JSON array,
 * which is no format of rows.
 */
export function formatOf({ path, head, compression }: InputFile): Format {
  if (compression === 'none' && head.subarray(0, 4).equals(PARQUET_MAGIC)) return 'parquet';
  const text = head
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .trimStart();
  if (text.startsWith('[')) {
    throw new BadInputError(`${path} is one JSON array; write one object a line instead (newline JSON)`);
  }
  if (!text.startsWith('{')) return 'csv';
  const [first = ''] = text.split('\n', 1);
  return isPersonalize(first) ? 'personalize' : 'json';
}

function isPersonalize(line: string): boolean {
  try {
    const record = JSON.parse(line) as { input?: unknown; output?: unknown; error?: unknown };
    return typeof record.input === 'object' && ('output' in record || 'error' in record);
  } catch {
    return /^\{\s*"input"\s*:\s*\{/.test(line);
  }
}
