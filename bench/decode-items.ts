/**
 * From the body of DynamoDB's answer to recommendations. Rejected: JSON.parse alone, which lets anything pass that is
 * JSON, so that an item of another tool would reach callers; a schema of zod, which says the same as the check by
 * hand; and DynamoDB's own lists and maps in place of one text, which need no second JSON.parse but three times the
 * bytes.
 */
import { bench, do_not_optimize, run, summary } from 'mitata';
import * as z from 'zod';
import { decodeItems, type Recommendation } from '../src/domain/prediction.ts';
import { cycle, storedItems } from './support.ts';

interface TextAnswer {
  readonly Item: { readonly items: { readonly S: string } };
}
interface NestedAnswer {
  readonly Item: {
    readonly items: {
      readonly L: readonly { readonly L: readonly [{ readonly S: string }, { readonly N: string }] }[];
    };
  };
}

const texts = Array.from({ length: 1000 }, (_, user) => storedItems(user));
const next = cycle(texts.map((text) => JSON.stringify({ Item: { items: { S: text } } })));
const nextNested = cycle(texts.map((text) => JSON.stringify({ Item: { items: { L: nested(text) } } })));
const schema = z.array(z.tuple([z.string(), z.number()]));

const textIn = (body: string) => (JSON.parse(body) as TextAnswer).Item.items.S;

summary(() => {
  bench('topshelf: JSON.parse, and a check by hand', () => do_not_optimize(decodeItems(textIn(next()))));
  bench('JSON.parse alone', () => do_not_optimize(JSON.parse(textIn(next()))));
  bench('JSON.parse, and zod', () => do_not_optimize(schema.parse(JSON.parse(textIn(next())))));
  bench('lists and maps of DynamoDB', () => do_not_optimize(decodeNested(nextNested())));
});

await run();

function nested(text: string): object[] {
  const pairs = JSON.parse(text) as [string, number][];
  return pairs.map(([productId, score]) => ({ L: [{ S: productId }, { N: String(score) }] }));
}

function decodeNested(body: string): Recommendation[] {
  const { L } = (JSON.parse(body) as NestedAnswer).Item.items;
  return L.map(({ L: [productId, score] }) => ({ productId: productId.S, score: Number(score.N) }));
}
