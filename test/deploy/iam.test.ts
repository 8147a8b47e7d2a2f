import { describe, expect, it } from 'vitest';
import { policyOf, ROLES } from '../support/iam-policy.ts';

const actionsOf = (role: string) => policyOf(role).flatMap(({ Action }) => Action);

describe.each(ROLES)('the IAM policy of the %s', (role) => {
  it('allows by name: no wildcard in an action, and no resource but listing tables is everything', () => {
    for (const { Effect, Action, Resource } of policyOf(role)) {
      expect(Effect).toBe('Allow');
      for (const action of Action) expect(action).toMatch(/^(dynamodb|s3):[A-Za-z]+$/);
      if (Resource.includes('*')) expect(Action).toEqual(['dynamodb:ListTables']);
    }
  });
});

it('a server can write nothing, and only pruning can delete a table', () => {
  expect(actionsOf('server').filter((action) => !/:(Get|BatchGet|List)/.test(action))).toEqual([]);
  expect(ROLES.filter((role) => actionsOf(role).includes('dynamodb:DeleteTable'))).toEqual(['pruner']);
  expect(ROLES.filter((role) => actionsOf(role).some((action) => action.includes('Delete')))).toEqual([
    'eraser',
    'pruner',
  ]);
});
