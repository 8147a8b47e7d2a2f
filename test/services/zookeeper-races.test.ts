import { randomUUID } from 'node:crypto';
import { createZooKeeperPointers } from '../../src/pointer/zookeeper.ts';
import { describeDelayedPublishers } from '../contracts/delayed-publishers.ts';
import { describeFrozenPublisher } from '../contracts/frozen-publisher.ts';
import { describePropagation } from '../contracts/propagation.ts';
import { describeRaces } from '../contracts/races.ts';
import { serviceEndpoints } from './endpoints.ts';

function start() {
  const root = `/races-${randomUUID()}`;
  // Fifty writers at once on one small machine: what is tested is who wins, not how fast.
  return () => createZooKeeperPointers({ hosts: serviceEndpoints().zookeeper, root, deadlineMs: 60_000 });
}

describeRaces('ZooKeeper', start);
describeDelayedPublishers('ZooKeeper', start);
describePropagation('ZooKeeper', start);

describeFrozenPublisher('ZooKeeper', () => ({
  TOPSHELF_POINTER: `zookeeper://${serviceEndpoints().zookeeper}/frozen-${randomUUID()}`,
}));
