import { describe, expect, it } from 'vitest';
import { History, payloadOf, type Answered } from './history.ts';

const HOLDS: Readonly<Record<string, readonly string[]>> = { one: ['a', 'b'], two: ['c', 'd'] };

/** Version one at epoch 1 from 0 to 10, version two at epoch 2 from 10 on; servers follow within 5. */
function historyOfTwo(): History {
  const history = new History({ holds: ({ version }) => HOLDS[version], lag: 5 });
  history.activated({ epoch: 1, version: 'one', begunAt: 0, doneAt: 1 });
  history.activated({ epoch: 2, version: 'two', begunAt: 10, doneAt: 11 });
  return history;
}

function answer(version: string, askedAt: number, changes: Partial<Answered> = {}): Answered {
  const payload = payloadOf(HOLDS[version] ?? []);
  const when = { askedAt, answeredAt: askedAt + 1 };
  return { server: 's', version, ...when, userId: 'anna', source: 'personalized', payload, ...changes };
}

describe('the history of what servers answered', () => {
  it('has no fault where they follow the pointer, each in its own time', () => {
    const history = historyOfTwo();
    history.answered(answer('one', 2));
    history.answered(answer('two', 11));
    history.answered(answer('one', 12, { server: 'other' }));
    history.answered(answer('two', 16, { server: 'other' }));
    expect(history.violations()).toEqual([]);
    expect(history.answers).toBe(4);
  });

  it.each<[string, Answered[], RegExp]>([
    ['another version’s products', [answer('two', 12, { payload: payloadOf(['c', 'b']) })], /something else/],
    ['products in another order', [answer('one', 2, { payload: payloadOf(['b', 'a']) })], /something else/],
    ['a version that nobody activated', [answer('three', 2)], /something else.*holds nothing/],
    ['an earlier epoch than before', [answer('two', 11), answer('one', 13)], /after it had served epoch 2/],
    ['a version before its activation', [answer('two', 5)], /before it was activated/],
    ['a version long after it was replaced', [answer('one', 17)], /long after it was replaced/],
    ['an epoch that had another version', [answer('one', 12, { epoch: 2 })], /never activated/],
  ])('tells of %s', (_, answers, fault) => {
    const history = historyOfTwo();
    for (const each of answers) history.answered(each);
    expect(history.violations()[0]).toMatch(fault);
  });

  it('lets answers that were asked for at the same time come from both versions', () => {
    const history = historyOfTwo();
    history.answered(answer('two', 12, { answeredAt: 13 }));
    history.answered(answer('one', 12, { answeredAt: 15 }));
    expect(history.violations()).toEqual([]);
  });

  it('takes a version that came back for the epoch that fits', () => {
    const history = historyOfTwo();
    history.activated({ epoch: 3, version: 'one', begunAt: 20, doneAt: 21 });
    history.answered(answer('two', 12));
    history.answered(answer('one', 21));
    expect(history.violations()).toEqual([]);
    history.answered(answer('two', 23));
    expect(history.violations()[0]).toMatch(/after it had served epoch 3/);
  });

  it('goes by a look at the status too', () => {
    const history = historyOfTwo();
    history.seen({ server: 's', version: 'two', epoch: 2, askedAt: 12, answeredAt: 13 });
    history.answered(answer('one', 14));
    expect(history.violations()[0]).toMatch(/after it had served epoch 2/);
  });
});
