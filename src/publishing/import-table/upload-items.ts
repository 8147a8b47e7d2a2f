import { createGzip } from 'node:zlib';
import { once } from 'node:events';
import type { Archive } from '../../archive/archive.ts';
import type { StoredPrediction } from '../../domain/prediction.ts';

// One object in memory at a time, compressed about fivefold; the store reads objects side by side, so many are good.
const OBJECT_BYTES = 64 * 1024 * 1024;
const LINES_BYTES = 64 * 1024;

/**
 * Writes the predictions as gzipped DynamoDB JSON, one item a line, into `<folder>/part-00001.json.gz` and so on, and
 * resolves with their number. An object that is there already stays: the folder belongs to one version, whose content is known.
 */
export async function uploadItems(
  objects: Pick<Archive, 'putOnce'>,
  folder: string,
  predictions: AsyncIterable<StoredPrediction>,
  onUploaded: (predictions: number) => void,
  signal: AbortSignal,
  objectBytes = OBJECT_BYTES,
): Promise<number> {
  let items = 0;
  let parts = 0;
  let part = createPart();

  const send = async () => {
    parts += 1;
    const key = `${folder}/part-${String(parts).padStart(5, '0')}.json.gz`;
    await objects.putOnce(key, await part.end(), signal);
    onUploaded(items);
    part = createPart();
  };

  for await (const prediction of predictions) {
    await part.add(itemLine(prediction));
    items += 1;
    if (part.bytes() >= objectBytes) await send();
  }
  if (part.bytes() > 0) await send();
  return items;
}

/** An item as DynamoDB JSON: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataImport.Format.html */
export function itemLine({ userId, items }: StoredPrediction): string {
  return `{"Item":{"userId":{"S":${JSON.stringify(userId)}},"items":{"S":${JSON.stringify(items)}}}}\n`;
}

/** One object as it grows: compressed as it comes, so that only the small form is kept. */
function createPart() {
  const gzip = createGzip();
  const compressed: Buffer[] = [];
  gzip.on('data', (chunk: Buffer) => compressed.push(chunk));
  let lines = '';
  let bytes = 0;
  return {
    bytes: () => bytes,
    async add(line: string): Promise<void> {
      lines += line;
      bytes += line.length;
      if (lines.length < LINES_BYTES) return;
      const isTaken = gzip.write(lines);
      lines = '';
      if (!isTaken) await once(gzip, 'drain');
    },
    async end(): Promise<Buffer> {
      const ended = once(gzip, 'end');
      gzip.end(lines);
      await ended;
      return Buffer.concat(compressed);
    },
  };
}
