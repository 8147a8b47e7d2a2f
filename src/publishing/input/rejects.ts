import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, statSync, type WriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import { BadInputError, messageOf, UnreachableError } from '../../domain/errors.ts';

/** A bad row: where it is, what is wrong with it, and what it says. */
export interface RejectedRow {
  readonly file: string;
  readonly record: number;
  /** Parquet has no lines. */
  readonly line?: number;
  readonly reason: string;
  readonly text: string;
}

/** Collects bad rows: a few to show, all of them in a file, one JSON line each. */
export interface Rejects {
  readonly count: number;
  /** The first `MAX_SAMPLES`. */
  readonly samples: readonly RejectedRow[];
  /** The file, which is there once it is finished, if a row has been added. */
  readonly path: string;
  add(row: RejectedRow): Promise<void>;
  /** Completes the file and puts it in its place. Throws UnreachableError where it cannot be written. */
  finish(): Promise<void>;
  /** Leaves nothing of a file that was not finished. */
  discard(): Promise<void>;
}

export const MAX_SAMPLES = 10;
const SHOWN = 3;
const MAX_TEXT_CHARACTERS = 500;

export function createRejects(path: string): Rejects {
  // Devices and pipes are written to as they are.
  const isSpecial = statSync(path, { throwIfNoEntry: false })?.isFile() === false;
  const writtenTo = isSpecial ? path : `${path}.${randomUUID()}.unfinished`;
  const samples: RejectedRow[] = [];
  let count = 0;
  let file: WriteStream | undefined;
  let failure: unknown;
  const check = () => {
    if (failure === undefined) return;
    throw new UnreachableError(
      `bad rows cannot be written to ${path}: ${messageOf(failure)}; name another file with --rejects`,
      { cause: failure },
    );
  };
  return {
    get count() {
      return count;
    },
    samples,
    path,
    async add(row) {
      count += 1;
      // A text of its own: a part of one that is 16 MB long would keep all of it.
      const text = Buffer.from(row.text.slice(0, MAX_TEXT_CHARACTERS)).toString();
      const cut = { ...row, text };
      if (samples.length < MAX_SAMPLES) samples.push(cut);
      file ??= createWriteStream(writtenTo).on('error', (error) => (failure = error));
      check();
      if (!file.write(`${JSON.stringify(cut)}\n`)) {
        // An error of the file ends the wait too, and is reported as what it is.
        await Promise.race([once(file, 'drain'), once(file, 'close')]).catch(() => undefined);
        check();
      }
    },
    async finish() {
      if (file === undefined) return;
      file.end();
      await finished(file).catch((error: unknown) => (failure ??= error));
      check();
      if (!isSpecial) await rename(writtenTo, path).catch((error: unknown) => (failure = error));
      check();
    },
    async discard() {
      if (file === undefined) return;
      // Once it is closed: until then it may still be made.
      await finished(file.destroy()).catch(() => undefined);
      if (!isSpecial) await rm(writtenTo, { force: true });
    },
  };
}

/**
 * Throws BadInputError where more than `maxShare` of `rows` (the bad ones among them) were rejected: how many, the
 * first of them, and where all of them are.
 */
export function assertFewRejects({ count, samples, path }: Rejects, rows: number, maxShare: number): void {
  // A quotient is the double nearest to the share that was written down; a product may fall just below the count.
  if (count === 0 || count / rows <= maxShare) return;
  const first = samples.slice(0, SHOWN).map((row) => `${placeOf(row)}: ${row.reason}`);
  const more = count > first.length ? '; …' : '';
  throw new BadInputError(
    `${count} of ${rows} rows are bad (${percent(count / rows)}; --max-rejects allows ${percent(maxShare)}): ` +
      `${first.join('; ')}${more}. All of them: ${path}`,
  );
}

function placeOf({ file, record, line }: RejectedRow): string {
  return line === undefined ? `${file}: record ${record}` : `${file}: record ${record} (line ${line})`;
}

/** A share as per cent, with as many digits as tell it from 0. */
export function percent(share: number): string {
  return `${Number((100 * share).toPrecision(3))} %`;
}
