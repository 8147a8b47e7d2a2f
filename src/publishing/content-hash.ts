import { createHash } from 'node:crypto';
import type { StoredPrediction } from '../domain/prediction.ts';

/** Adds up the hash of a version's content: SHA-256 over `userId NUL items LF`, users in byte order. */
export interface ContentHash {
  add(prediction: StoredPrediction): void;
  /** `sha256:` and hexadecimal digits; nothing may be added after it. */
  digest(): string;
}

export function createContentHash(): ContentHash {
  const hash = createHash('sha256');
  let text = '';
  return {
    add({ userId, items }) {
      // Few large updates are several times faster than one for each user.
      text += `${userId}\0${items}\n`;
      if (text.length < 65_536) return;
      hash.update(text);
      text = '';
    },
    digest: () => `sha256:${hash.update(text).digest('hex')}`,
  };
}
