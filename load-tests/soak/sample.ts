import { readMetrics, sumOf } from '../topshelf-metrics.ts';

/** What a server holds at one moment. */
export interface Sample {
  /** Since the start of the soak. */
  readonly minutes: number;
  /** In use. */
  readonly heapMegabytes: number;
  /** In use or kept for it. */
  readonly heapTotalMegabytes: number;
  /** Buffers outside of the heap that it counts; the cache's slabs are not among them. */
  readonly externalMegabytes: number;
  readonly residentMegabytes: number;
  /** Sockets, servers, watches and whatever else keeps an event loop alive. */
  readonly handles: number;
  readonly timers: number;
  readonly sockets: number;
  readonly openFiles: number;
  /** The 99th percentile of the event loop's lateness since the server's last scrape. */
  readonly lagMilliseconds: number;
}

const MEGABYTE = 1024 * 1024;

export async function takeSample(ops: string, minutes: number): Promise<Sample> {
  const metrics = await readMetrics(ops);
  const resources = (type: string) => sumOf(metrics, 'nodejs_active_resources', `type="${type}"`);
  return {
    minutes,
    heapMegabytes: sumOf(metrics, 'nodejs_heap_size_used_bytes') / MEGABYTE,
    heapTotalMegabytes: sumOf(metrics, 'nodejs_heap_size_total_bytes') / MEGABYTE,
    externalMegabytes: sumOf(metrics, 'nodejs_external_memory_bytes') / MEGABYTE,
    residentMegabytes: sumOf(metrics, 'process_resident_memory_bytes') / MEGABYTE,
    handles: sumOf(metrics, 'nodejs_active_handles_total'),
    timers: resources('Timeout') + resources('Immediate'),
    sockets: resources('TCPSocketWrap'),
    openFiles: sumOf(metrics, 'process_open_fds'),
    lagMilliseconds: sumOf(metrics, 'nodejs_eventloop_lag_p99_seconds') * 1000,
  };
}
