import { Command, CommanderError } from 'commander';
import manifest from '../../package.json' with { type: 'json' };
import { UsageError } from '../domain/errors.ts';
import { activateCommand } from './activate.ts';
import { blockCommand } from './block.ts';
import { checkCommand } from './check.ts';
import { consoleCommand } from './console.ts';
import { demoCommand } from './demo.ts';
import { drillCommand } from './drill.ts';
import { eraseCommand } from './erase.ts';
import { EXIT } from './exit-codes.ts';
import { explainCommand } from './explain.ts';
import { loadCommand } from './load.ts';
import { processIo, writeError } from './output.ts';
import { pruneCommand } from './prune.ts';
import { publishCommand } from './publish.ts';
import { releaseCommand } from './release.ts';
import { rollbackCommand } from './rollback.ts';
import { serveCommand } from './serve.ts';
import type { Session } from './session.ts';
import { statusCommand } from './status.ts';
import { unblockCommand } from './unblock.ts';
import { versionsCommand } from './versions.ts';

/**
 * Runs one command and resolves with its exit code; it never throws and never ends the process.
 * @param argv the words behind the program's name
 * @param overrides for tests: other streams, and other adapters than the configured ones
 */
export async function run(
  argv: readonly string[],
  overrides: Partial<Pick<Session, 'io' | 'openPublisher'>> = {},
): Promise<number> {
  const session: Session = {
    io: processIo,
    openPublisher: openConfigured,
    exitCode: EXIT.done,
    ...overrides,
  };
  const { io } = session;
  const asJson = argv.includes('--json');
  try {
    await createProgram(session).parseAsync([...argv], { from: 'user' });
    return session.exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) return writeError(io, asJson, error);
    // Help and version that were asked for are thrown too, with exit code 0. Commander has written its message.
    if (error.exitCode === 0) return EXIT.done;
    return asJson ? writeError(io, true, new UsageError(error.message)) : EXIT.usage;
  }
}

function createProgram(session: Session): Command {
  const program = new Command('topshelf')
    .description('Serves the top products for every user of a shop, from predictions computed in a batch.')
    .version(manifest.version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => session.io.stdout.write(text),
      writeErr: (text) => session.io.stderr.write(text),
    })
    .showHelpAfterError('(--help shows how it is meant)');
  const commands = [
    serveCommand(),
    consoleCommand(session),
    demoCommand(session),
    drillCommand(session),
    loadCommand(session),
    checkCommand(session),
    activateCommand(session),
    publishCommand(session),
    rollbackCommand(session),
    releaseCommand(session),
    blockCommand(session),
    unblockCommand(session),
    statusCommand(session),
    versionsCommand(session),
    explainCommand(session),
    pruneCommand(session),
    eraseCommand(session),
  ];
  for (const command of commands) program.addCommand(command.copyInheritedSettings(program));
  return program;
}

/** The adapters are loaded with the first command that needs them: help is quick, and a server never sees them. */
async function openConfigured(flags: { readonly demo?: boolean }) {
  const { openPublisher } = await import('./adapters.ts');
  return openPublisher(flags);
}
