import { shown } from '../../domain/ids.ts';
import { floor } from '../check.ts';

/** Products that the catalogue does not have cannot be shown. Looked at where a catalogue was given. */
export const unknownProducts = floor({
  name: 'unknown-products',
  threshold: 'maxUnknownShare',
  bound: 'at most',
  what: 'of rows name products that are not in the catalogue',
  isShare: true,
  measure: ({ unknownShare }) => unknownShare,
  examples: ({ unknownProducts }) => unknownProducts.map(shown),
});
