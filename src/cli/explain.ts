import { InvalidArgumentError, Option, type Command } from 'commander';
import { shown } from '../domain/ids.ts';
import type { Explained, ExplainedProduct, ExplainedVersion } from '../publishing/explain.ts';
import { publishingCommand, requiredPlacement } from './options.ts';
import { runPublishing, type CommonFlags, type Session } from './session.ts';

interface Flags extends CommonFlags {
  readonly placement: string;
  readonly versions: number;
}

export function explainCommand(session: Session): Command {
  return publishingCommand(
    'explain',
    'what each retained version gives a user, side by side, and what is answered',
  )
    .argument('<user>', 'the user id')
    .addOption(requiredPlacement())
    .addOption(versionsOption())
    .action((userId: string, flags: Flags) =>
      runPublishing(session, flags, async ({ context, signal }) => {
        const { explain } = await import('../publishing/explain.ts');
        const { placement, versions: count } = flags;
        const explained = await explain(context, { placement, userId, count }, signal);
        return { json: explained, text: explainedText(explained) };
      }),
    );
}

function versionsOption(): Option {
  const description = 'how many of the newest versions to look at, beside what is live';
  return new Option('--versions <count>', description).default(4).argParser((text) => {
    if (/^[1-9]\d?$/.test(text)) return Number(text);
    throw new InvalidArgumentError(`${shown(text)} is not a whole number from 1 to 99.`);
  });
}

function explainedText({ placement, userId, versions, live, answer }: Explained): string {
  if (versions.length === 0) return `${placement}: no versions`;
  const columns = versions.map(columnOf);
  const height = Math.max(...columns.map((column) => column.length));
  const widths = columns.map((column) => Math.max(...column.map((cell) => cell.length)));
  const lines = Array.from({ length: height }, (_, row) =>
    columns
      .map((column, at) => (column[row] ?? '').padEnd(widths[at] ?? 0))
      .join('  | ')
      .replace(/[\s|]+$/, ''),
  );
  const answered =
    answer === null
      ? 'nothing that is known of is live'
      : `answered now, from ${live}: ${answer.productIds.join(', ') || 'nothing'} (${answer.source})`;
  return [`${placement}: user ${shown(userId)}, newest version first`, ...lines, answered].join('\n');
}

function columnOf({ version, state, from, comparedWith, products, dropped }: ExplainedVersion): string[] {
  const head = [version, from === 'archive' ? `${state}, from the archive` : state];
  if (products === null) return [...head, 'nothing for this user'];
  return [
    ...head,
    ...products.map((product) => cellOf(product, comparedWith !== null)),
    ...dropped.map((productId) => `    ${productId} dropped`),
  ];
}

function cellOf(
  { productId, score, rank, rankBefore, isBlocked, answerPlace }: ExplainedProduct,
  isCompared: boolean,
): string {
  const place = answerPlace === null ? ' ' : '*';
  const words = [productId, score, isCompared ? change(rank, rankBefore) : '', isBlocked ? 'blocked' : ''];
  return `${place}${String(rank).padStart(2)} ${words.filter((word) => word !== '').join(' ')}`;
}

function change(rank: number, before: number | null): string {
  if (before === null) return 'new';
  if (before === rank) return '';
  return before > rank ? `up ${before - rank}` : `down ${rank - before}`;
}
