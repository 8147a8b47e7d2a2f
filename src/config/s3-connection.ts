/** How a bucket's server is reached. Region and credentials as the AWS SDK finds them unless given. */
export interface S3Connection {
  readonly region?: string;
  /** URL of an S3-compatible server, such as `http://127.0.0.1:9000`. Default: AWS. */
  readonly endpoint?: string;
  /** `endpoint/bucket/key` in place of `bucket.endpoint/key`, which most S3-compatible servers need. Default false. */
  readonly forcePathStyle?: boolean;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** After which silence a request counts as lost, in milliseconds. */
export interface S3Timeouts {
  /** From sending a request to the head of its answer. */
  readonly requestMs: number;
  /** Without a byte in either direction, also in the midst of a body. */
  readonly idleMs: number;
}

/** Milliseconds to open a connection: a server that is there takes a few. */
const CONNECT_MS = 1_000;

/** What every client of S3 is configured with. The SDK's own defaults wait for a silent server for ever. */
export function s3ClientConfig(
  { region, endpoint, forcePathStyle, credentials }: S3Connection,
  { requestMs, idleMs }: S3Timeouts,
) {
  return {
    // Without throwOnRequestTimeout the SDK's timeout only warns.
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      requestTimeout: requestMs,
      socketTimeout: idleMs,
      throwOnRequestTimeout: true,
    },
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(forcePathStyle === undefined ? {} : { forcePathStyle }),
    ...(credentials === undefined ? {} : { credentials }),
  };
}
