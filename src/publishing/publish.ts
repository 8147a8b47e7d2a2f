import { activate, assertNotHeld, type Activated } from './activate.ts';
import type { GateOptions } from './check/check.ts';
import type { PublisherContext } from './context.ts';
import { load, type Loaded, type LoadRequest } from './load.ts';
import { readPointerState, standingOf } from './pointer-state.ts';
import type { OnProgress } from './progress.ts';

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
 * Load, check, activate. Under a hold it stops before anything is loaded; a batch that the gate stops stays loaded, for
 * people to look at. Rejects as `load` and `activate` do.
 */
export async function publish(
  context: PublisherContext,
  { reason, override, catalogue, catalogueColumn, gateConfig, ...request }: PublishRequest,
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<Published> {
  const { placement } = request;
  const state = await readPointerState(context, placement, signal);
  assertNotHeld(placement, state, await standingOf(context, placement, state));
  const loaded = await load(context, request, onProgress, signal);
  const { version } = loaded;
  const activated = await activate(
    context,
    { placement, version, reason, override, catalogue, catalogueColumn, gateConfig },
    signal,
  );
  return { loaded, activated };
}
