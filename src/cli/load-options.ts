import { InvalidArgumentError, Option, type Command } from 'commander';
import { parseArchiveLocation } from '../config/locations.ts';
import { UsageError } from '../domain/errors.ts';
import { shown } from '../domain/ids.ts';
import type { PublisherContext } from '../publishing/context.ts';
import type { Estimate } from '../publishing/estimate.ts';
import type { LoadRequest } from '../publishing/load-request.ts';
import type { TableOptions } from '../store/prediction-tables.ts';
import type { CommandResult } from './output.ts';
import type { Work } from './session.ts';

/** The flags of a command that loads, beside the placement and what is kept. */
export interface LoadFlags {
  readonly runId?: string;
  readonly tag?: Readonly<Record<string, string>>;
  readonly deletionProtection?: boolean;
  readonly warmReads?: number;
  readonly warmWrites?: number;
  readonly engine: 'batch-write' | 'import-table';
  readonly importBucket?: string;
  readonly estimate?: boolean;
}

/** DynamoDB keeps at most 50 tags a table, of which topshelf sets two. */
const MAX_TAGS = 48;

/** Adds the options of loading to a command. */
export function withLoadOptions(command: Command): Command {
  return command
    .option(
      '--run-id <name>',
      'name of the run: the same command with the same name goes on where it was left',
    )
    .addOption(
      new Option('--tag <key=value>', 'a tag for the table, more than one allowed').argParser(addTag),
    )
    .option('--deletion-protection', 'protect the table from being deleted')
    .addOption(unitsOption('--warm-reads <units>', 'read units a second that the table is to stand at once'))
    .addOption(
      unitsOption('--warm-writes <units>', 'write units a second that the table is to stand at once'),
    )
    .addOption(
      new Option(
        '--engine <name>',
        'how items come into the table: written 25 at a time, or imported from S3',
      )
        .choices(['batch-write', 'import-table'])
        .default('batch-write'),
    )
    .option('--import-bucket <s3://…>', 'where import-table puts the items for DynamoDB to read')
    .option('--estimate', 'say what would be written and what it costs, and write nothing');
}

/** What the flags say, as a load takes it. Throws UsageError where they do not fit together. */
export async function loadRequest(
  flags: LoadFlags,
  context: PublisherContext,
): Promise<Pick<LoadRequest, 'runId' | 'tableOptions' | 'importParts'>> {
  const { runId } = flags;
  const importParts = await openImport(flags, context);
  return {
    tableOptions: tableOptions(flags),
    ...(runId === undefined ? {} : { runId }),
    ...(importParts === undefined ? {} : { importParts }),
  };
}

function tableOptions({ tag, deletionProtection, warmReads, warmWrites }: LoadFlags): TableOptions {
  const warm = {
    ...(warmReads === undefined ? {} : { reads: warmReads }),
    ...(warmWrites === undefined ? {} : { writes: warmWrites }),
  };
  return {
    ...(Object.keys(warm).length === 0 ? {} : { warm }),
    ...(tag === undefined ? {} : { tags: tag }),
    ...(deletionProtection === undefined ? {} : { deletionProtection }),
  };
}

async function openImport({ engine, importBucket }: LoadFlags, context: PublisherContext) {
  if ((engine === 'import-table') !== (importBucket !== undefined)) {
    throw new UsageError('--engine import-table and --import-bucket s3://bucket/prefix go together');
  }
  if (importBucket === undefined) return undefined;
  const location = parseArchiveLocation(importBucket);
  if (location?.kind !== 's3') {
    throw new UsageError(`--import-bucket ${shown(importBucket)} is not s3://bucket or s3://bucket/prefix`);
  }
  if (context.openImport === undefined) throw new UsageError('there is no import into this store');
  return context.openImport(location);
}

/** The answer to `--estimate`. */
export async function estimated(
  { context, onProgress, signal }: Work,
  request: LoadRequest,
): Promise<CommandResult> {
  const { estimate } = await import('../publishing/estimate.ts');
  const found = await estimate(context, request, onProgress, signal);
  return { json: found, text: estimateText(found) };
}

function estimateText({ placement, rows, items, bytes, writeUnits, dollars, prices }: Estimate): string {
  const dollar = (amount: number) => `$${amount.toFixed(amount < 1 ? 4 : 2)}`;
  return [
    `${placement}: nothing was written. A load would write ${items} items of ${rows} rows, ${bytes} bytes`,
    `  written 25 at a time: ${writeUnits} write units, ${dollar(dollars.write)}`,
    `  imported from S3 (--engine import-table): ${dollar(dollars.import)}, and S3's own charges`,
    `  kept for a month: ${dollar(dollars.storagePerMonth)}`,
    `  at the prices of ${prices.region} on ${prices.asOf}: ${prices.source}`,
  ].join('\n');
}

function addTag(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const at = text.indexOf('=');
  const key = text.slice(0, Math.max(at, 0)).trim();
  if (key === '' || key.length > 128 || text.length - at > 257) {
    throw new InvalidArgumentError(`${shown(text)} is not key=value, of at most 128 and 256 characters.`);
  }
  if (key.startsWith('aws:') || key.startsWith('topshelf:')) {
    throw new InvalidArgumentError(`${shown(key)} begins with aws: or topshelf:, which are reserved.`);
  }
  const tags = { ...before, [key]: text.slice(at + 1) };
  if (Object.keys(tags).length > MAX_TAGS)
    throw new InvalidArgumentError(`at most ${MAX_TAGS} tags are allowed.`);
  return tags;
}

function unitsOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text) => {
    const units = /^\d{1,9}$/.test(text) ? Number(text) : 0;
    if (units > 0) return units;
    throw new InvalidArgumentError(`${shown(text)} is not a whole number from 1 to 999999999.`);
  });
}
