import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { once } from 'node:events';
import type { Columns } from './columns.ts';
import { SAMPLE_EVERY_BYTES } from './input-file.ts';
import { inputRows } from './input-rows.ts';
import type { TextSource } from './text-source.ts';
import type { Rejects } from './rejects.ts';

/** A file's good rows as plain CSV without a header. */
export interface Normalized {
  readonly columns: Columns;
  readonly bytes: number;
  /** User ids of rows from all over the file. */
  readonly samples: readonly string[];
}

const FLUSH_CHARACTERS = 64 * 1024;

/**
 * Writes the good rows of a file to `path` in the one form that DuckDB surely reads, and the bad ones to `rejects`. For
 * what DuckDB does not read as topshelf means it (JSON: ids have no type there), and for CSV in which single records
 * cannot be read.
 */
export async function normalize(
  source: TextSource,
  path: string,
  rejects: Rejects,
  signal: AbortSignal,
): Promise<Normalized> {
  const { entity, class: product, score, rank, timestamp } = source.columns;
  const order = [entity, product, score, rank, timestamp].filter((at) => at !== undefined);
  const out = createWriteStream(path);
  const closed = finished(out);
  closed.catch(() => undefined);
  const samples: string[] = [];
  let bytes = 0;
  let text = '';
  const flush = async () => {
    bytes += text.length;
    if (!out.write(text)) await Promise.race([once(out, 'drain'), closed]);
    text = '';
    signal.throwIfAborted();
  };
  try {
    for await (const { record, line, fields, fault, text: recordText } of inputRows(source)) {
      if (fault !== undefined) {
        await rejects.add({ file: source.file.path, record, line, reason: fault, text: recordText() });
        continue;
      }
      text += `${order.map((at) => quoted(fields[at] ?? '')).join(',')}\n`;
      if (text.length < FLUSH_CHARACTERS) continue;
      if (bytes + text.length >= samples.length * SAMPLE_EVERY_BYTES) samples.push(fields[entity] ?? '');
      await flush();
    }
    await flush();
  } finally {
    out.end();
  }
  await closed;
  const place = (at: number | undefined) => (at === undefined ? undefined : order.indexOf(at));
  return {
    columns: {
      count: order.length,
      entity: 0,
      class: 1,
      score: 2,
      rank: place(rank),
      timestamp: place(timestamp),
    },
    bytes,
    samples,
  };
}

// Always in quotes, so that nothing in it is taken for anything else; an empty field means that there is no value.
function quoted(field: string): string {
  return field === '' ? '' : `"${field.replaceAll('"', '""')}"`;
}
