import { recommendationText } from './answer.ts';

/**
 * A stored pair in the form that nearly all have, and what follows it: an id that needs no escapes, and a number that is
 * finite whatever its digits are. Sticky, so that a match can only begin where the one before ended.
 */
const PAIR =
  /\[("[^"\\\u0000-\u001f]+"),(-?(?:0|[1-9]\d{0,20})(?:\.\d{1,25})?(?:[eE][+-]?\d{1,2})?)\]([,\]])/y;

/**
 * The first `count` recommendations of an item's text, made from text to text: for every user who is read this is done
 * once, and parsing costs three times as much. Undefined where it cannot be told this way (an id has escapes or is
 * blocked, the text is no list of pairs): then whoever asks must parse. What comes behind them is not looked at.
 */
export function firstRecommendations(
  items: string,
  count: number,
  blocked: ReadonlySet<string>,
): string | undefined {
  if (!items.startsWith('[')) return undefined;
  let list = '[';
  PAIR.lastIndex = 1;
  for (let done = 1; done <= count; done += 1) {
    const pair = PAIR.exec(items);
    if (pair === null) return undefined;
    const [, id = '', score = '', next] = pair;
    if (blocked.size > 0 && blocked.has(id.slice(1, -1))) return undefined;
    list += recommendationText(id, score);
    if (next === ']') return PAIR.lastIndex === items.length ? `${list}]` : undefined;
    if (done < count) list += ',';
  }
  return `${list}]`;
}
