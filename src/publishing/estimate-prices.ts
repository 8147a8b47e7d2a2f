/**
 * What DynamoDB charges in us-east-1, in dollars, for the Standard table class: other regions differ, up to twofold.
 * Source: https://aws.amazon.com/dynamodb/pricing/on-demand/ — request units at half their earlier price since
 * 2024-11-01. Looked up on the date below; whoever changes a price changes the date.
 */
export const PRICES = {
  asOf: '2026-11-22',
  region: 'us-east-1',
  source: 'https://aws.amazon.com/dynamodb/pricing/on-demand/',
  /** One write of up to 1 KB. */
  perWriteUnit: 0.625 / 1e6,
  /** One GB kept for a month, beyond the first 25 GB of an account. */
  perGbMonth: 0.25,
  /** One GB of uncompressed items imported from S3; an import takes no write units. */
  perImportedGb: 0.15,
} as const;
