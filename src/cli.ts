#!/usr/bin/env node
import { run } from './cli/program.ts';

// Where nobody reads any more (`| head`), there is nobody to tell; the work goes on, and its exit code is its own.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

// Set, not called: output that is still on its way shall arrive.
process.exitCode = (await run(process.argv.slice(2))) || process.exitCode;
