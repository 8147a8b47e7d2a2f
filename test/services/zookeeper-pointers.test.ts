import { describePointerContract } from '../contracts/pointer.contract.ts';
import { createZooKeeperPointers } from '../../src/pointer/zookeeper.ts';
import { startTcpProxy } from '../pointer/tcp-proxy.ts';
import { serviceEndpoints } from './endpoints.ts';
import { openZooKeeperHand } from './zookeeper-hand.ts';

const DEADLINE_MS = 2_000;

describePointerContract('ZooKeeper', {
  deadlineMs: DEADLINE_MS,
  async start() {
    const host = serviceEndpoints().zookeeper;
    const proxy = await startTcpProxy(host);
    const hand = await openZooKeeperHand(host);
    return {
      open: () =>
        createZooKeeperPointers({
          hosts: `127.0.0.1:${proxy.port}`,
          root: hand.root,
          deadlineMs: DEADLINE_MS,
        }),
      putRaw: (placement, content) => hand.put(placement, content),
      remove: (placement) => hand.remove(placement),
      break: () => proxy.hang(),
      mend: () => proxy.mend(),
      loseNextReply: () => proxy.loseReplyTo('"writeId"'),
      // A watch belongs to its connection.
      loseHints: () => proxy.mend(),
      async release() {
        await hand.close();
        await proxy.close();
      },
    };
  },
});
