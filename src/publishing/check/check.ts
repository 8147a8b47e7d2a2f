import { UsageError } from '../../domain/errors.ts';
import type { Seal } from '../../domain/seal.ts';
import type { PublisherContext } from '../context.ts';
import { readPointerState, type PointerState } from '../pointer-state.ts';
import type { OnProgress } from '../progress.ts';
import { sealedVersion } from '../sealed-version.ts';
import { identifyCatalogue } from './catalogue.ts';
import { liveBaseline } from './live-baseline.ts';
import type { CheckReport } from './report.ts';
import { runCheck, type CheckSubject } from './run-check.ts';
import { readThresholds } from './thresholds-file.ts';

/** What the gate works with besides the versions. */
export interface GateOptions {
  /** A CSV file of the products that the shop has. */
  readonly catalogue?: string | undefined;
  /** The column with their ids; the first one unless it is named. */
  readonly catalogueColumn?: string | undefined;
  /** A file of thresholds; the configured one unless it is named. */
  readonly gateConfig?: string | undefined;
}

export interface CheckRequest extends GateOptions {
  readonly placement: string;
  readonly version: string;
}

/**
 * Checks a sealed version against the one that is live now, and keeps the report. A verdict that is no pass is a result
 * here, and no error. Rejects with NotFoundError (no such sealed version), UsageError (it is live already, or thresholds
 * that cannot be used), BadInputError (the catalogue), UnreachableError.
 */
export async function check(
  context: PublisherContext,
  { placement, version, ...options }: CheckRequest,
  signal: AbortSignal,
  onProgress?: OnProgress,
): Promise<CheckReport> {
  const state = await readPointerState(context, placement, signal);
  const candidate = await sealedVersion(context, { placement, version }, signal);
  if (state.kind === 'pointer' && state.pointer.version === version) {
    throw new UsageError(
      `version ${version} of ${placement} is live already: there is nothing to compare it with`,
    );
  }
  return runCheck(
    context,
    await checkSubject(context, candidate, state, options, signal),
    signal,
    onProgress,
  );
}

/** Gathers what decides a verdict on `candidate`, before anything is measured. */
export async function checkSubject(
  context: Pick<PublisherContext, 'archive' | 'gateConfig'>,
  candidate: Seal,
  state: PointerState,
  options: GateOptions,
  signal: AbortSignal,
): Promise<CheckSubject> {
  const { placement } = candidate;
  const gate = await readGateOptions(context, placement, options, signal);
  return { candidate, live: await liveBaseline(context, placement, state, signal), ...gate };
}

/** What the gate works with besides the versions. Throws UsageError and BadInputError for what cannot be used. */
export async function readGateOptions(
  context: Pick<PublisherContext, 'gateConfig'>,
  placement: string,
  { catalogue, catalogueColumn, gateConfig = context.gateConfig }: GateOptions,
  signal: AbortSignal,
): Promise<Pick<CheckSubject, 'thresholds' | 'gateConfig' | 'catalogue'>> {
  if (catalogue === undefined && catalogueColumn !== undefined) {
    throw new UsageError(`a column ${catalogueColumn} was named, and no catalogue that could have it`);
  }
  const thresholds = await readThresholds(gateConfig, placement);
  if (catalogue === undefined) return { ...thresholds, catalogue: null };
  const options = { catalogue, catalogueColumn };
  return { ...thresholds, catalogue: { ...options, identity: await identifyCatalogue(options, signal) } };
}
