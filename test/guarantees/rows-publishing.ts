import type { Row } from './row.ts';

const MODEL = {
  file: 'test/model/model.test.ts',
  title: 'keeps every rule whatever is lost, late, stale or killed, and comes to rest on the last pointer',
};
const CRASH = {
  file: 'test/end-to-end/crash.test.ts',
  title: '$moment: $step ($placement) leaves nothing half live, and the same run ends it',
};
const races = (file: string) => ({
  file,
  source: 'test/contracts/races.ts',
  title: 'of %i publishers, one wins each epoch, and nothing is lost',
});
const delayed = (file: string) => ({
  file,
  source: 'test/contracts/delayed-publishers.ts',
  title: 'overwrite nothing that was written meanwhile, whatever they were about to do',
});
const adoption = (file: string) => ({
  file,
  source: 'test/contracts/propagation.ts',
  title: 'is adopted by every one of twenty servers',
});
const POINTER_FAULTS = {
  s3: 'test/services/faults-s3.test.ts',
  zookeeper: 'test/services/faults-zookeeper.test.ts',
  machine: 'test/services/faults-machine.test.ts',
} as const;
const frozen = (file: string) => ({
  file,
  source: 'test/contracts/frozen-publisher.ts',
  title: 'overwrites nothing once another has activated, and says so with exit code 3',
});

/** What publishing and the swap promise. */
export const PUBLISHING_ROWS: readonly Row[] = [
  {
    number: 1,
    guarantee: 'A response comes from one version, whole.',
    proofs: [
      {
        file: 'test/http/mixed-answers.test.ts',
        title:
          'every response, of one user or of a hundred, comes from one version, while versions swap under it',
      },
    ],
    failsWhen: 'a version takes over the cache of the one before it',
  },
  {
    number: 2,
    guarantee: 'No server goes back in epochs.',
    proofs: [
      {
        file: 'test/serving/schedules.test.ts',
        title: 'no answer mixes versions, and no server goes back in epochs',
      },
      MODEL,
    ],
    failsWhen:
      'the watcher takes any epoch other than the one it serves, or forgets the pointer that was saved',
  },
  {
    number: 3,
    guarantee: 'Of publishers that write at once, one wins each epoch, and no write is lost.',
    proofs: [
      races('test/publishing/races.test.ts'),
      races('test/services/s3-races.test.ts'),
      races('test/services/zookeeper-races.test.ts'),
      MODEL,
    ],
    failsWhen:
      'the store in memory or ZooKeeper writes without looking at the token, or S3 is asked to without If-Match',
  },
  {
    number: 4,
    guarantee: 'A publisher that is late overwrites nothing newer.',
    proofs: [
      delayed('test/publishing/races.test.ts'),
      delayed('test/services/s3-races.test.ts'),
      delayed('test/services/zookeeper-races.test.ts'),
      frozen('test/end-to-end/races.test.ts'),
      frozen('test/services/s3-races.test.ts'),
      frozen('test/services/zookeeper-races.test.ts'),
    ],
    failsWhen:
      'the store in memory or ZooKeeper writes without looking at the token, or S3 is asked to without If-Match',
  },
  {
    number: 5,
    guarantee: 'A swap loses no request.',
    proofs: [
      {
        file: 'test/end-to-end/swaps-under-load.test.ts',
        title: 'swaps and a SIGTERM: every request is answered, none with 5xx, each from one version',
      },
    ],
    load: ['swap-under-load'],
    failsWhen: 'a version takes over the cache of the one before it',
  },
  {
    number: 6,
    guarantee: 'Servers adopt a new version within seconds.',
    proofs: [
      adoption('test/publishing/races.test.ts'),
      adoption('test/services/s3-races.test.ts'),
      adoption('test/services/zookeeper-races.test.ts'),
    ],
    failsWhen: 'the watcher does not look again after its first reading',
  },
  {
    number: 7,
    guarantee: 'A hint that is lost costs one poll interval, and nothing else.',
    proofs: [
      MODEL,
      {
        file: 'test/pointer/memory.test.ts',
        source: 'test/contracts/pointer.contract.ts',
        title: 'are not needed: a read sees the change whose hint was lost',
      },
      {
        file: POINTER_FAULTS.zookeeper,
        title: 'whose leader is killed: it is followed on, and callers notice nothing',
      },
      {
        file: POINTER_FAULTS.zookeeper,
        title: '%s: what is served does not change, and what was activated meanwhile is adopted after it',
      },
      {
        file: POINTER_FAULTS.zookeeper,
        title: 'that ends the session: it is followed on with another one',
      },
    ],
    failsWhen:
      'the watcher drops a pointer whose table could not be verified at once (model.test.ts), or a connection that was ' +
      'lost is not made anew (faults-zookeeper.test.ts)',
  },
  {
    number: 8,
    guarantee: 'A rollback is one command, and waits for nothing.',
    proofs: [
      {
        file: 'test/serving/warm-up.test.ts',
        title: 'makes no rollback wait: none is made for it, and one under way ends for it',
      },
    ],
    failsWhen: 'a pointer with a hold is warmed up as any other',
  },
  {
    number: 9,
    guarantee: 'A rollback sticks: nothing scheduled goes live until it is released.',
    proofs: [
      { file: 'test/publishing/activate.test.ts', title: 'loads nothing while activations are held' },
      MODEL,
    ],
    failsWhen: 'publish or activate does not look for a hold',
  },
  {
    number: 10,
    guarantee: 'A pointer that is malformed, forged or old is never adopted.',
    proofs: [
      {
        file: 'test/serving/hostile-pointers.test.ts',
        title: 'a server adopts no hostile pointer, goes on as it was, and does not grow',
      },
      {
        file: POINTER_FAULTS.s3,
        title: 'handing on half a pointer under its ETag: it is refused once, and adopted when it is whole',
      },
    ],
    failsWhen:
      'checksum, strict schema, table name, size, placement or epoch is not looked at, or what was refused is not read ' +
      'in full again (faults-s3.test.ts)',
  },
  {
    number: 11,
    guarantee: 'With the pointer store away, answers stay as they are, and servers start.',
    proofs: [
      {
        file: 'test/end-to-end/outages.test.ts',
        title: 'answers do not change, and a server that starts then serves the same',
      },
      {
        file: 'test/services/faults-outage.test.ts',
        title:
          '($store) for $seconds s: no answer changes, a server that starts then serves the same, and the pointer is followed after it',
      },
      {
        file: POINTER_FAULTS.zookeeper,
        title:
          'whose servers are all killed: nothing changes for callers, and it is followed when they are back',
      },
      {
        file: POINTER_FAULTS.s3,
        title: '%s: nothing changes for callers, and what was activated meanwhile is adopted after it',
      },
      {
        file: POINTER_FAULTS.s3,
        title: 'without its bucket: nothing changes for callers, and a bucket made anew is followed',
      },
      {
        file: POINTER_FAULTS.machine,
        title:
          'whose disk is full, the pointer goes unsaved, which is counted, until there is room; callers notice nothing',
      },
      {
        file: POINTER_FAULTS.machine,
        title: 'whose clock %s, pointers in S3 are followed and answers are right',
      },
    ],
    failsWhen:
      'a server does not start from the pointer it saved; the watcher ends with a reading that fails (faults of S3 and ' +
      'ZooKeeper); a pointer that could not be saved is not saved later; the S3 client does not put its clock right',
  },
  {
    number: 12,
    guarantee: 'A table that is not complete is never live, whenever its publisher is killed.',
    proofs: [
      CRASH,
      MODEL,
      {
        file: 'test/end-to-end/store-trust.test.ts',
        title: 'because it %s: is not adopted, which is counted, and is when the seal is right',
      },
    ],
    failsWhen:
      'a table is sealed before its users are written, or its seal is not looked at (store-trust.test.ts)',
  },
  {
    number: 13,
    guarantee: 'A load that goes on after a crash ends with the very table of one that was not disturbed.',
    proofs: [
      CRASH,
      {
        file: 'test/publishing/runs.test.ts',
        title: 'goes on where it was left and writes little again, into the same table',
      },
    ],
    failsWhen:
      'a resumed load goes on one batch after the last that was noted (runs.test.ts; crash.test.ts does not see that, ' +
      'and three batches only now and then), or a table is sealed before its users are written',
  },
  {
    number: 14,
    guarantee: 'Throttling, unprocessed items, errors and resets lose no row and double none.',
    proofs: [
      {
        file: 'test/publishing/load-writing.test.ts',
        title: 'loses and doubles none of %i users, through throttling, unprocessed items, errors and resets',
      },
    ],
    failsWhen: 'what the store leaves unprocessed is taken for written',
  },
  {
    number: 15,
    guarantee: 'The gate stops bad batches, and lets good ones pass.',
    proofs: [
      { file: 'test/publishing/check/labelled-set.test.ts', title: 'has every good batch pass' },
      { file: 'test/publishing/check/labelled-set.test.ts', title: 'has %s stopped at full strength, by %s' },
    ],
    failsWhen: 'the threshold of users lost is raised to all of them',
  },
  {
    number: 16,
    guarantee: 'A table in use is never deleted.',
    proofs: [
      MODEL,
      {
        file: 'test/publishing/prune.test.ts',
        title: 'deletes nothing where one cannot be asked, or there is none',
      },
    ],
    failsWhen: 'pruning asks no replica what it serves',
  },
];
