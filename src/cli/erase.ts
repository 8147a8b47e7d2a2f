import type { Command } from 'commander';
import type { Erased } from '../publishing/erase.ts';
import { placementOption, publishingCommand, reasonOption } from './options.ts';
import { runPublishing, warn, type CommonFlags, type Session } from './session.ts';

interface Flags extends CommonFlags {
  readonly placement?: string;
  readonly reason: string;
}

const CACHES =
  'Servers may answer from their caches for TOPSHELF_CACHE_MAX_AGE_SECONDS more (600 unless configured), and for longer ' +
  'only while they cannot read the table; a restart or the next version ends that at once.';

const NOT_REACHED =
  'Not reached, and yours to clear: what the next batch is made from; objects in the buckets of --import-bucket; files of ' +
  'rejected rows, where loads ran; older versions of objects in a versioned bucket; backups of tables.';

export function eraseCommand(session: Session): Command {
  return publishingCommand(
    'erase',
    'take a user out of every table and archive that is retained, and prove it',
  )
    .argument('<user>', 'the user id')
    .addOption(placementOption())
    .addOption(reasonOption('asked to be forgotten'))
    .action((userId: string, flags: Flags) =>
      runPublishing(session, flags, async ({ context, onProgress, signal }) => {
        const { erase } = await import('../publishing/erase.ts');
        const erased = await erase(context, { userId, ...flags }, signal);
        for (const { warnings } of erased) warn(onProgress, warnings);
        const text = [...erased.map(erasedText), CACHES, NOT_REACHED].join('\n');
        return { json: { placements: erased, note: `${CACHES} ${NOT_REACHED}` }, text };
      }),
    );
}

function erasedText({ placement, foundIn, readBack, record }: Erased): string {
  const places = foundIn.map(({ version, table, archive }) => {
    const what = [...(table === null ? [] : ['table']), ...(archive ? ['archive'] : [])].join(' and ');
    return `  erased from version ${version}: ${what}`;
  });
  const { tables, archives } = readBack;
  const where = foundIn.length === 0 ? 'no version' : counted(foundIn.length, 'version');
  const proof = `in none of ${counted(tables, 'table')} and ${counted(archives, 'archived file')}`;
  return [
    `${placement}: the user was in ${where}`,
    ...places,
    `  read back: ${proof}; recorded in ${record}`,
  ].join('\n');
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
