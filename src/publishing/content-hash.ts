import { createHash } from 'node:crypto';
import type { StoredPrediction } from '../domain/prediction.ts';

/** Adds up the hash of a version's content: SHA-256 over each user's `contentLine`, users in byte order. */
export interface ContentHash {
  add(prediction: StoredPrediction): void;
  /** Adds whole lines, encoded already. */
  addLines(lines: Uint8Array): void;
  /** `sha256:` and hexadecimal digits; nothing may be added after it. */
  digest(): string;
}

/** What stands between a user's id and items: no id holds a control character, and JSON text escapes them. */
export const AFTER_ID = '\0';

/** A user's part of a version's content: `userId NUL items LF`. */
export const contentLine = ({ userId, items }: StoredPrediction): string => `${userId}${AFTER_ID}${items}\n`;

export function createContentHash(): ContentHash {
  const hash = createHash('sha256');
  let text = '';
  const flush = () => {
    hash.update(text);
    text = '';
  };
  return {
    add(prediction) {
      // Few large updates are several times faster than one for each user.
      text += contentLine(prediction);
      if (text.length >= 65_536) flush();
    },
    addLines(lines) {
      flush();
      hash.update(lines);
    },
    digest() {
      flush();
      return `sha256:${hash.digest('hex')}`;
    },
  };
}
