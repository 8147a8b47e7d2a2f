/**
 * What DynamoDB charges in us-east-1, in dollars, for the Standard table class: other regions differ, up to twofold.
 * Whoever changes a price changes the date. The page of `source` decides; what else says so:
 * - write units, at half their price since 2024-11-01: https://airbyte.com/data-engineering-resources/dynamodb-pricing
 * - storage, at the same price for years: https://gist.github.com/bahrmichael/94e01d26dc21b9b7156d7d27b1b9e16e
 * - imports: nothing else was found for the price. They are measured by the objects in S3, uncompressed:
 *   https://aws.amazon.com/about-aws/whats-new/2022/08/amazon-dynamodb-supports-bulk-imports-amazon-s3-new-dynamodb-tables/
 */
export const PRICES = {
  asOf: '2026-11-24',
  region: 'us-east-1',
  source: 'https://aws.amazon.com/dynamodb/pricing/on-demand/',
  /** One write of up to 1 KB. */
  perWriteUnit: 0.625 / 1e6,
  /** One GB kept for a month, beyond the first 25 GB of an account. */
  perGbMonth: 0.25,
  /** One GB of objects to be imported from S3, uncompressed; an import takes no write units. */
  perImportedGb: 0.15,
} as const;
