/**
 * What to set where the AWS SDK knew no region to ask, or found nobody where it asked; empty for any other error. It
 * follows the error's own message, which names no variable.
 */
export function awsHint(error: unknown, service: 'DynamoDB' | 'S3'): string {
  if (!(error instanceof Error)) return '';
  if (error.message === 'Region is missing') {
    return '; set AWS_REGION, or AWS_PROFILE to a profile that has a region';
  }
  // Where a name has several addresses the error is an AggregateError, with no message but with the code.
  if ('code' in error && error.code === 'ECONNREFUSED') {
    return (
      `; nothing listens there (ECONNREFUSED): start ${service}'s server, or set AWS_ENDPOINT_URL_${service.toUpperCase()} ` +
      'or AWS_ENDPOINT_URL to where it is; AWS itself is asked where neither is set'
    );
  }
  return '';
}
