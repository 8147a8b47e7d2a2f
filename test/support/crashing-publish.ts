/**
 * A publishing process that kills itself (SIGKILL, so that nothing is cleaned up) at one step:
 * `node crashing-publish.ts <JSON of CrashPlan>`. Ends with 0 where the step is never reached.
 */
import type { Archive } from '../../src/archive/archive.ts';
import { openPublisherOf } from '../../src/cli/adapters.ts';
import type { DynamoDbConnection } from '../../src/config/config.ts';
import type { PointerWriter } from '../../src/pointer/pointer-writer.ts';
import type { PublisherContext } from '../../src/publishing/context.ts';
import { publish } from '../../src/publishing/publish.ts';
import type { PredictionTables } from '../../src/store/prediction-tables.ts';

/** Every step of load and activate that leaves something behind, in order. */
export const STEPS = [
  'input read',
  'run recorded',
  'table created',
  'batch written',
  'progress noted',
  'content read back',
  'predictions archived',
  'manifest archived',
  'table sealed',
  'replaced activation recorded',
  'pointer written',
  'activation recorded',
] as const;
export type Step = (typeof STEPS)[number];

/** Before the step, after it, or with its request on the way and its outcome unknown. */
export const MOMENTS = ['before', 'during', 'after'] as const;

export interface CrashPlan {
  readonly root: string;
  readonly dynamodb: DynamoDbConnection;
  readonly placement: string;
  readonly paths: readonly string[];
  readonly runId: string;
  readonly step: Step;
  readonly moment: (typeof MOMENTS)[number];
  /** At which occurrence of the step, from 1. */
  readonly occurrence: number;
}

/** A context of real adapters below `root`, with tables in `dynamodb`. */
export function openContext({
  root,
  dynamodb,
}: Pick<CrashPlan, 'root' | 'dynamodb'>): Promise<PublisherContext> {
  return openPublisherOf({
    pointer: { kind: 'file', root: `${root}/pointers` },
    archive: { kind: 'file', root: `${root}/archive` },
    tablePrefix: 'topshelf',
    s3PathStyle: false,
    zookeeperDigest: undefined,
    pointerKeys: undefined,
    signingKey: undefined,
    dynamodb,
    memoryLimitBytes: 256 * 1024 * 1024,
    tempDir: `${root}/temp`,
    gateConfig: undefined,
    actor: 'crash@test',
  });
}

/** Small batches of notes, so that every step happens several times in a load of few users. */
export const WRITING = { concurrency: 2, stallMs: 20_000, checkpointMs: 0 };

async function crash(plan: CrashPlan): Promise<void> {
  const context = await openContext(plan);
  let seen = 0;
  const die = () => void process.kill(process.pid, 'SIGKILL');

  async function at<T>(step: Step | undefined, work: () => Promise<T>): Promise<T> {
    if (step !== plan.step || (seen += 1) !== plan.occurrence) return work();
    if (plan.moment === 'before') die();
    const underWay = work();
    // The request needs a moment to leave; whether it has arrived is anybody's guess, as in a real crash.
    if (plan.moment === 'during') setTimeout(die, Math.random() * 4);
    const outcome = await underWay;
    die();
    return outcome;
  }

  const stepOfKey = (key: string): Step | undefined => {
    if (key.includes('/runs/')) return 'run recorded';
    if (key.includes('/activations/')) {
      return key.endsWith('/1.json') ? 'replaced activation recorded' : 'activation recorded';
    }
    return 'manifest archived';
  };
  const { archive, tables, pointers } = context;
  const crashing: PublisherContext = {
    ...context,
    archive: {
      ...archive,
      putOnce: (...given) => at(stepOfKey(given[0]), () => archive.putOnce(...given)),
      putFileOnce: (...given) => at('predictions archived', () => archive.putFileOnce(...given)),
    } satisfies Archive,
    tables: {
      ...tables,
      create: (...given) => at('table created', () => tables.create(...given)),
      write: (...given) => at('batch written', () => tables.write(...given)),
      writeProgress: (...given) => at('progress noted', () => tables.writeProgress(...given)),
      readBack: (...given) => at('content read back', () => tables.readBack(...given)),
      seal: (...given) => at('table sealed', () => tables.seal(...given)),
    } satisfies PredictionTables,
    pointers: {
      ...pointers,
      write: (...given: Parameters<PointerWriter['write']>) =>
        at('pointer written', () => pointers.write(...given)),
    },
  };
  const { placement, paths, runId } = plan;
  const request = { placement, paths, runId, reason: 'daily batch', writing: WRITING };
  const onProgress = ({ kind }: { kind: string }) => {
    if (kind === 'read') void at('input read', async () => undefined);
  };
  await publish(crashing, request, onProgress, new AbortController().signal);
  await context.close();
}

if (import.meta.main) await crash(JSON.parse(process.argv[2] ?? '') as CrashPlan);
