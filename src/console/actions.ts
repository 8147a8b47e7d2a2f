import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import type * as z from 'zod';
import type { PointerResult } from '../publishing/activate.ts';
import { block, unblock, type Blocked } from '../publishing/block.ts';
import type { PublisherContext } from '../publishing/context.ts';
import { release } from '../publishing/release.ts';
import { rollback } from '../publishing/rollback.ts';
import { parsed, placementOf, productsBody, releaseBody, rollbackBody } from './requests.ts';
import type { ActionDone } from './views.ts';

export interface ActionParts {
  readonly context: PublisherContext;
  /** One line for each action that was done: who, what, why. */
  readonly logger: Pick<FastifyBaseLogger, 'info'>;
  /** Called when the pointer was written, or turned out to have been. */
  readonly onMoved: () => void;
}

/** Milliseconds for one action. */
const DEADLINE_MS = 60_000;

type Outcome = PointerResult & { readonly text: string };
type Body = z.ZodType<{ readonly by: string; readonly reason: string }>;
type Act = (
  context: PublisherContext,
  placement: string,
  body: unknown,
  signal: AbortSignal,
) => Promise<Outcome & { readonly by: string }>;

const actions: Readonly<Record<string, Act>> = {
  rollback: action(rollbackBody, async (context, request, signal) => {
    const result = await rollback(context, request, signal);
    const left = result.left === null ? 'What was live was left' : `Version ${result.left} is quarantined`;
    return { ...result, text: `Version ${result.version} is live. ${left}, and activations are held.` };
  }),
  release: action(releaseBody, async (context, request, signal) => {
    const result = await release(context, request, signal);
    return { ...result, text: result.changed ? 'The hold is released.' : 'Nothing was held.' };
  }),
  block: action(productsBody, async (context, request, signal) =>
    withText(await block(context, request, signal)),
  ),
  unblock: action(productsBody, async (context, request, signal) =>
    withText(await unblock(context, request, signal)),
  ),
};

/** `POST …/:placement/<action>`: each is refused with 409, and nothing written, where the pointer is not as it was seen. */
export function actionRoutes(app: FastifyInstance, { context, logger, onMoved }: ActionParts): void {
  for (const [name, act] of Object.entries(actions)) {
    app.post(`/:placement/${name}`, async (request): Promise<ActionDone> => {
      const placement = placementOf(request);
      const signal = AbortSignal.timeout(DEADLINE_MS);
      // Also where it is refused: what the page shows is old then.
      const { version, epoch, changed, warnings, text, by } = await act(
        context,
        placement,
        request.body,
        signal,
      ).finally(onMoved);
      logger.info({ action: name, placement, version, epoch, changed, by }, `${placement}: ${text}`);
      return { version, epoch, changed, warnings, text };
    });
  }
}

/** An action by its body's schema: who acts is, as the records will say, who was named, and the console that vouches. */
function action<S extends Body>(
  schema: S,
  run: (
    context: PublisherContext,
    request: z.output<S> & { readonly placement: string },
    signal: AbortSignal,
  ) => Promise<Outcome>,
): Act {
  return async (context, placement, body, signal) => {
    const decision = parsed(schema, 'body', body);
    const by = `${decision.by} (console of ${context.actor})`;
    return { ...(await run({ ...context, actor: by }, { ...decision, placement }, signal)), by };
  };
}

function withText(result: Blocked): Outcome {
  const { blocked, changed } = result;
  const list = blocked.length === 0 ? 'Nothing is blocked' : `Blocked: ${blocked.join(', ')}`;
  return { ...result, text: changed ? `${list}.` : `${list}, as before.` };
}
