/**
 * A publisher in a process of its own that stops right before it writes the pointer: says "about to write" and waits
 * for a line on stdin, so that it can be frozen at that very point. Arguments: placement and version. It exits as the
 * program would.
 */
import { once } from 'node:events';
import { openPublisherOf } from '../../src/cli/adapters.ts';
import { exitCodeOf } from '../../src/cli/exit-codes.ts';
import { processEnvironment, readPublisherConfig } from '../../src/config/config.ts';
import { messageOf } from '../../src/domain/errors.ts';
import { activate } from '../../src/publishing/activate.ts';

const [placement = '', version = ''] = process.argv.slice(2);
const context = await openPublisherOf(readPublisherConfig(processEnvironment()));
const { pointers } = context;
const write: typeof pointers.write = async (...args) => {
  process.stdout.write('about to write\n');
  await once(process.stdin, 'data');
  return pointers.write(...args);
};
const frozen = { ...context, pointers: { ...pointers, write } };
try {
  const { epoch } = await activate(
    frozen,
    { placement, version, reason: 'frozen' },
    new AbortController().signal,
  );
  process.stdout.write(`wrote epoch ${epoch}\n`);
} catch (error) {
  process.stdout.write(`${messageOf(error)}\n`);
  process.exitCode = exitCodeOf(error);
} finally {
  await context.close();
  process.stdin.destroy();
}
