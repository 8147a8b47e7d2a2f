import { GateError, InterruptedError, QuarantinedError, TopshelfError } from '../domain/errors.ts';
import { activate, assertNotHeld, type Activated } from './activate.ts';
import { readGateOptions, type GateOptions } from './check/check.ts';
import { assertCanSign } from '../pointer/signature.ts';
import { assertAuthorship } from './commit.ts';
import type { PublisherContext } from './context.ts';
import type { LoadRequest } from './load-request.ts';
import { load } from './load.ts';
import { readPointerState, standingOf } from './pointer-state.ts';
import type { OnProgress } from './progress.ts';
import type { Loaded } from './seal-load.ts';

export interface PublishRequest extends LoadRequest, GateOptions {
  readonly reason: string;
  /** Why the gate's verdict is passed over, once, if it is no pass. */
  readonly override?: string | undefined;
}

export interface Published {
  readonly loaded: Loaded;
  readonly activated: Activated;
}

/**
 * Load, check, activate. Whatever an activation would refuse without looking at the table is refused before there is
 * one: a key to sign with, an author, a reason or gate options that cannot be used, a hold, content that is quarantined. A
 * batch that the gate stops stays loaded, for people to look at. A run that is done and was replaced since stays replaced:
 * whoever runs it again does not mean to go back. Rejects as `load` and `activate` do.
 */
export async function publish(
  context: PublisherContext,
  { reason, override, catalogue, catalogueColumn, gateConfig, ...request }: PublishRequest,
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<Published> {
  const { placement } = request;
  const gate = { catalogue, catalogueColumn, gateConfig };
  assertCanSign(context.signing);
  assertAuthorship(context, reason);
  if (override !== undefined) assertAuthorship(context, override, '--override');
  await readGateOptions(context, placement, gate, signal);
  await assertNotStopped(context, placement, undefined, signal);
  // Reading takes long enough for somebody to roll back meanwhile, so that the pointer is asked again.
  const admit = (contentHash: string) => assertNotStopped(context, placement, contentHash, signal);
  const loaded = await load(context, request, onProgress, signal, admit);
  const { version, isResumed } = loaded;
  const toActivate = { placement, version, reason, override, onlyOnce: isResumed, ...gate };
  try {
    return { loaded, activated: await activate(context, toActivate, signal, onProgress) };
  } catch (error) {
    throw loadedOnly(loaded, placement, error, signal);
  }
}

/** Says that the load is there, whatever kept it from going live; the gate names its version and the way itself. */
function loadedOnly(
  { version }: Loaded,
  placement: string,
  error: unknown,
  { aborted }: AbortSignal,
): unknown {
  const next =
    `ersion ${version} is loaded: "topshelf activate ${version} --placement ${placement}" makes it live ` +
    'without loading it again';
  if (aborted) return new InterruptedError(`v${next}`, { cause: error });
  if (error instanceof TopshelfError && !(error instanceof GateError)) {
    // The same error, so that it stays of its class.
    error.message = `${error.message.replace(/\.$/, '')}. V${next}.`;
  }
  return error;
}

/** Throws HeldError under a hold, and QuarantinedError for content, where it is known, that may not go live. */
async function assertNotStopped(
  context: PublisherContext,
  placement: string,
  contentHash: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const state = await readPointerState(context, placement, signal);
  const standing = await standingOf(context, placement, state, signal);
  assertNotHeld(placement, state, standing);
  const left = standing.before?.quarantined.find((each) => each.contentHash === contentHash);
  if (left === undefined) return;
  throw new QuarantinedError(
    `the content of this batch, that of ${left.version}, was quarantined by ${left.by} at ${left.at}: ${left.reason}. ` +
      'Nothing was loaded. If it is right after all, "topshelf load" makes a version of it, and ' +
      '"topshelf activate" with --from-quarantine "why" lets that go live.',
  );
}
