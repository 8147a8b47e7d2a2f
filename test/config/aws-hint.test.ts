import { expect, it } from 'vitest';
import { awsHint } from '../../src/config/aws-hint.ts';

it('says which endpoint to set where a name has several addresses, and nobody listens at any', () => {
  const refused = new AggregateError([new Error('::1'), new Error('127.0.0.1')]);
  expect(awsHint(Object.assign(refused, { code: 'ECONNREFUSED' }), 'S3')).toContain('AWS_ENDPOINT_URL_S3');
});

it.each([
  [new Error('no such bucket')],
  [Object.assign(new Error('reset'), { code: 'ECONNRESET' })],
  ['text'],
])('says nothing where no variable would help', (error) => {
  expect(awsHint(error, 'DynamoDB')).toBe('');
});
