/**
 * `npm run audit`: fails on a known vulnerability in what is deployed. Where the registry in use answers no such
 * question, it says so and passes: that is the registry's state, and no finding.
 */
import { execFile } from 'node:child_process';
import { readAudit } from './read-audit.ts';

execFile('npm', ['audit', '--omit=dev', '--json'], { maxBuffer: 1 << 26 }, (_, stdout, stderr) => {
  const { passed, text } = readAudit(stdout, stderr);
  process.stdout.write(`${text}\n`);
  process.exitCode = passed ? 0 : 1;
});
