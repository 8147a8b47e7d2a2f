/** `npm run bench`: every benchmark made with mitata, one after the other, each in a process of its own. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const BENCHMARKS = ['prediction-cache.ts', 'decode-items.ts', 'render-answer.ts', 'etag.ts'];

for (const file of BENCHMARKS) {
  process.stdout.write(`\n== bench/${file}\n`);
  const script = join(import.meta.dirname, file);
  // mitata tells what the garbage collector does only where it may call it.
  const { status } = spawnSync(process.execPath, ['--expose-gc', script], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
