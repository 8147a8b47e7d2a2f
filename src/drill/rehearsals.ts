import type { PointerFault } from './pointer-stand-in.ts';
import type { StoreFault } from './store-proxy.ts';

/** One thing that goes wrong in the night. */
export interface Rehearsal {
  readonly name: string;
  /** What happens, as the report says it. */
  readonly what: string;
  readonly fault:
    | { readonly of: 'store'; readonly fault: (limits: Limits) => StoreFault }
    | { readonly of: 'pointer'; readonly fault: PointerFault };
}

/** The times that the server under rehearsal is configured with, in milliseconds. */
export interface Limits {
  readonly requestDeadlineMs: number;
  readonly pointerPollMs: number;
}

const THROTTLED = {
  kind: 'exception',
  type: 'com.amazonaws.dynamodb.v20120810#ThrottlingException',
  status: 400,
  fields: { throttlingReasons: [{ reason: 'TableReadKeyRangeThroughputExceeded', resource: 'drill' }] },
} as const;
const FAILING = {
  kind: 'exception',
  type: 'com.amazonaws.dynamodb.v20120810#InternalServerError',
  status: 500,
} as const;
const GONE = {
  kind: 'exception',
  type: 'com.amazonaws.dynamodb.v20120810#ResourceNotFoundException',
  status: 400,
} as const;

/** In the order in which they are gone through. */
export const REHEARSALS: readonly Rehearsal[] = [
  {
    name: 'slow-store',
    what: 'every read takes twice the time a request has',
    fault: { of: 'store', fault: ({ requestDeadlineMs }) => ({ kind: 'slow', ms: 2 * requestDeadlineMs }) },
  },
  {
    name: 'throttled-store',
    what: 'every read is throttled',
    fault: { of: 'store', fault: () => THROTTLED },
  },
  {
    name: 'failing-store',
    what: 'every read fails with status 500',
    fault: { of: 'store', fault: () => FAILING },
  },
  {
    name: 'table-gone',
    what: 'the table does not exist any more',
    fault: { of: 'store', fault: () => GONE },
  },
  {
    name: 'corrupt-pointer',
    what: 'half of the pointer is there',
    fault: { of: 'pointer', fault: 'corrupt' },
  },
  {
    name: 'older-pointer',
    what: 'a pointer of a lower epoch takes its place',
    fault: { of: 'pointer', fault: 'older' },
  },
  {
    name: 'pointer-store-away',
    what: 'the pointer store does not answer, and a second server starts meanwhile',
    fault: { of: 'pointer', fault: 'away' },
  },
];
