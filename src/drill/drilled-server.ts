/** A server of the drill's own, behind the drill's proxies. */
export interface DrilledServer {
  /** URLs without a slash at the end. */
  readonly api: string;
  readonly ops: string;
  stop(): Promise<void>;
}

/**
 * Starts a server of the given configuration behind the drill's proxies; resolves when it is ready. Rejects with
 * UnreachableError, and leaves nothing behind, where it does not become ready.
 */
export type StartServer = () => Promise<DrilledServer>;

/** What a server says of itself on its ops listener. */
export interface Sight {
  readonly isReady: boolean;
  readonly epoch: number | null;
  readonly version: string | null;
  /** Pointers that were seen and not adopted, and readings that failed, since the start. */
  readonly pointerTroubles: number;
  /** Why it said nothing; undefined where it did. */
  readonly silence: string | undefined;
}

const SILENT = { isReady: false, epoch: null, version: null, pointerTroubles: 0 };

interface Status {
  readonly status: string;
  readonly placements: readonly {
    readonly placement: string;
    readonly epoch: number | null;
    readonly version: string | null;
  }[];
}

/** Never rejects: a server may have ended under a fault. */
export async function lookAt({ ops }: Pick<DrilledServer, 'ops'>, placement: string): Promise<Sight> {
  let status: Status;
  let metrics: string;
  try {
    status = (await (await fetch(`${ops}/status`)).json()) as Status;
    metrics = await (await fetch(`${ops}/metrics`)).text();
  } catch (error) {
    return { ...SILENT, silence: reasonOf(error) };
  }
  const found = status.placements.find((each) => each.placement === placement);
  return {
    isReady: status.status === 'ready',
    epoch: found?.epoch ?? null,
    version: found?.version ?? null,
    pointerTroubles:
      sumOf(metrics, 'topshelf_pointer_rejections_total') +
      sumOf(metrics, 'topshelf_pointer_read_errors_total'),
    silence: undefined,
  };
}

/** What a failed fetch says: `fetch failed` says nothing, its cause does. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message, cause } = error;
  return cause instanceof Error ? `${message}: ${cause.message}` : message;
}

/** The sum of a counter over its labels, in Prometheus' text. */
function sumOf(metrics: string, name: string): number {
  const lines = metrics.split('\n').filter((line) => line.startsWith(`${name}{`));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
