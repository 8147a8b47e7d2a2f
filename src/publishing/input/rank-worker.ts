/** A thread that takes part in the ranking of the buckets, with a database of its own: the other is not shared. */
import { parentPort, workerData } from 'node:worker_threads';
import { openWorkbench } from './duckdb.ts';
import { rankShare, type Ranking } from './rank-share.ts';

export interface RankWorkerData {
  readonly ranking: Ranking;
  readonly memoryLimitBytes: number;
}

const { ranking, memoryLimitBytes } = workerData as RankWorkerData;
// What ends it early is that no bucket is left to take.
const { signal } = new AbortController();
const workbench = await openWorkbench({ memoryLimitBytes, tempDir: ranking.folder, signal });
try {
  for await (const ranked of rankShare(await workbench.connect(), ranking)) parentPort?.postMessage(ranked);
} finally {
  await workbench.close();
}
