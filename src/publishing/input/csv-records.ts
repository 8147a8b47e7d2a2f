/** One record of a CSV file, which may span several lines. */
export interface CsvRecord {
  /** Each field's bytes as Latin-1 text: one character a byte, so that broken UTF-8 survives until somebody looks. */
  readonly fields: readonly string[];
  /** The line it begins on, the file's first being 1. */
  readonly line: number;
  /** How long it is, its ending left out. */
  readonly bytes: number;
  readonly ending: '\n' | '\r\n' | '\r' | '';
  /** Why it cannot be read, in words that follow "record 7 (line 8) …". Nothing comes after such a record. */
  readonly fault?: string;
}

const BYTE_ORDER_MARK = '\u00ef\u00bb\u00bf';

/**
 * The records of a comma-separated file by RFC 4180, as strictly as DuckDB reads them; blank lines are left out.
 * Slow and exact: it reads headers, and finds the record that made DuckDB refuse a file.
 */
export async function* csvRecords(chunks: AsyncIterable<Buffer>): AsyncGenerator<CsvRecord> {
  let fields: string[] = [];
  let field = '';
  let state: 'start' | 'bare' | 'quoted' | 'closed' = 'start';
  let line = 1;
  let recordLine = 1;
  let bytes = 0;
  let wasQuoted = false;
  let pendingReturn = false;
  let first = true;

  const endField = () => {
    fields.push(field);
    field = '';
    state = 'start';
  };
  const take = (ending: CsvRecord['ending'], fault?: string): CsvRecord => {
    endField();
    const record = { fields, line: recordLine, bytes, ending, ...(fault === undefined ? {} : { fault }) };
    fields = [];
    bytes = 0;
    wasQuoted = false;
    recordLine = line;
    return record;
  };
  const isBlank = () => fields.length === 0 && field === '' && !wasQuoted;

  for await (const chunk of chunks) {
    let text = chunk.toString('latin1');
    if (first && text.startsWith(BYTE_ORDER_MARK)) text = text.slice(BYTE_ORDER_MARK.length);
    first = false;
    for (const character of text) {
      if (pendingReturn) {
        pendingReturn = false;
        line += 1;
        const blank = isBlank();
        if (blank) recordLine = line;
        else yield take(character === '\n' ? '\r\n' : '\r');
        if (character === '\n') continue;
      }
      // A line ending outside of quotes is none of a record's own characters.
      if (state === 'quoted' || (character !== '\r' && character !== '\n')) bytes += 1;
      if (state === 'quoted') {
        if (character === '"') state = 'closed';
        else {
          if (character === '\n') line += 1;
          field += character;
        }
      } else if (character === '\r') {
        pendingReturn = true;
      } else if (character === '\n') {
        line += 1;
        if (isBlank()) recordLine = line;
        else yield take('\n');
      } else if (character === ',') {
        endField();
      } else if (character === '"' && state === 'start') {
        state = 'quoted';
        wasQuoted = true;
      } else if (character === '"' && state === 'closed') {
        field += '"';
        state = 'quoted';
      } else if (state === 'closed') {
        yield take('', 'has text after a closing quote');
        return;
      } else {
        field += character;
        state = 'bare';
      }
    }
  }
  if ((state as string) === 'quoted') yield take('', 'has a quote that is never closed');
  else if (!isBlank()) yield take(pendingReturn ? '\r' : '');
}

/** A field's bytes as text; undefined where they are not UTF-8. */
export function fieldText(field: string): string | undefined {
  try {
    // A mark inside a file is a character like others, so it stays.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(field, 'latin1'));
  } catch {
    return undefined;
  }
}
