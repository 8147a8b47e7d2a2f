import { BadInputError } from '../../domain/errors.ts';
import type { InputFile } from './input-file.ts';
import type { Format } from './input-request.ts';

const PARQUET_MAGIC = Buffer.from('PAR1');

/** What files of other kinds begin with. They would be refused for their bytes, too, but not by their name. */
const FOREIGN: readonly (readonly [string, Buffer])[] = [
  ['a gzip file', Buffer.from([0x1f, 0x8b])],
  ['a zip file', Buffer.from('PK\x03\x04')],
  ['a bzip2 file', Buffer.from('BZh91AY&SY')],
  ['an xz file', Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00])],
  ['a zstd file', Buffer.from([0x28, 0xb5, 0x2f, 0xfd])],
];

/**
 * The format of a file by its first bytes; names lie too often (`part-00000`). Throws BadInputError for a JSON array,
 * which is no format of rows, and for what has to be unpacked first.
 */
export function formatOf({ path, compression }: InputFile, head: Buffer): Format {
  if (compression === 'none' && head.subarray(0, 4).equals(PARQUET_MAGIC)) return 'parquet';
  refusePacked(path, head, compression);
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

function refusePacked(path: string, head: Buffer, compression: InputFile['compression']): void {
  const inGzip: typeof FOREIGN = compression === 'gzip' ? [['a Parquet file', PARQUET_MAGIC]] : [];
  const [kind] =
    [...FOREIGN, ...inGzip].find(([, magic]) => head.subarray(0, magic.length).equals(magic)) ?? [];
  if (kind === undefined) return;
  throw new BadInputError(
    compression === 'gzip'
      ? `${path} is ${kind} inside a gzip file; unpack it once`
      : `${path} is ${kind}; unpack it: plain and gzip files are read`,
  );
}

function isPersonalize(line: string): boolean {
  try {
    const record = JSON.parse(line) as { input?: unknown; output?: unknown; error?: unknown };
    return typeof record.input === 'object' && ('output' in record || 'error' in record);
  } catch {
    return /^\{\s*"input"\s*:\s*\{/.test(line);
  }
}
