import { createMemoryPointers } from '../../src/pointer/memory.ts';
import { describePointerContract } from '../contracts/pointer.contract.ts';

describePointerContract('memory', {
  deadlineMs: 2_000,
  async start() {
    const memory = createMemoryPointers();
    return {
      open: () => memory.open(),
      putRaw: (placement, content) => memory.put(placement, content),
      remove: (placement) => memory.remove(placement),
      break: () => memory.setFailing(true),
      mend: () => memory.setFailing(false),
      loseNextReply: () => memory.loseNextReply(),
      loseHints: () => memory.setHintsLost(true),
      release: () => memory.close(),
    };
  },
});
