#!/usr/bin/env node
import { run } from './cli/program.ts';

// Set, not called: output that is still on its way shall arrive.
process.exitCode = (await run(process.argv.slice(2))) || process.exitCode;
