import type { Dashboard } from '../dashboard.ts';

const JOB = 'job="topshelf"';

/** The processes: CPU, memory, event loop, state. */
export const runtime: Dashboard = {
  uid: 'topshelf-runtime',
  title: 'Runtime',
  description: 'Servers as processes: states, CPU, memory, event loop, garbage collection.',
  rows: [
    {
      title: 'Servers',
      panels: [
        {
          title: 'States',
          description: 'Servers by state; starting ones have nothing live.',
          kind: 'shares',
          unit: 'none',
          queries: [{ expr: 'sum by (state) (topshelf_lifecycle_state)', legend: '{{state}}' }],
        },
        {
          title: 'Started',
          description: 'Starts of each server within an hour.',
          kind: 'lines',
          unit: 'none',
          queries: [{ expr: `changes(process_start_time_seconds{${JOB}}[1h])`, legend: '{{instance}}' }],
        },
      ],
    },
    {
      title: 'CPU and event loop',
      panels: [
        {
          title: 'CPU',
          description: 'Cores in use. One is all that the event loop can use.',
          kind: 'lines',
          unit: 'short',
          queries: [
            { expr: `rate(process_cpu_seconds_total{${JOB}}[$__rate_interval])`, legend: '{{instance}}' },
          ],
        },
        {
          title: 'Event loop late',
          description: 'p99 of how late timers run; 10 ms of it are the measurement’s own.',
          kind: 'lines',
          unit: 's',
          queries: [{ expr: `nodejs_eventloop_lag_p99_seconds{${JOB}}`, legend: '{{instance}}' }],
          red: { at: 0.05 },
        },
        {
          title: 'Shed',
          description: 'Share of reads turned away because the event loop is late.',
          kind: 'lines',
          unit: 'percentunit',
          queries: [{ expr: 'topshelf_shed_ratio', legend: '{{instance}}' }],
          red: { at: 0.01 },
        },
      ],
    },
    {
      title: 'Memory',
      panels: [
        {
          title: 'Resident memory',
          description: 'Heap, cache and the rest.',
          kind: 'lines',
          unit: 'bytes',
          queries: [{ expr: `process_resident_memory_bytes{${JOB}}`, legend: '{{instance}}' }],
        },
        {
          title: 'Heap',
          description: 'In use; the cache is outside of it.',
          kind: 'lines',
          unit: 'bytes',
          queries: [{ expr: `nodejs_heap_size_used_bytes{${JOB}}`, legend: '{{instance}}' }],
        },
        {
          title: 'Garbage collection',
          description: 'Share of time spent in it, by kind.',
          kind: 'shares',
          unit: 'percentunit',
          queries: [
            {
              expr: `sum by (kind) (rate(nodejs_gc_duration_seconds_sum{${JOB}}[$__rate_interval]))`,
              legend: '{{kind}}',
            },
          ],
        },
        {
          title: 'Handles and requests of Node',
          description:
            'Sockets, timers and the like that are open. They follow the load; a steady rise is a leak.',
          kind: 'lines',
          unit: 'none',
          queries: [{ expr: `nodejs_active_resources_total{${JOB}}`, legend: '{{instance}}' }],
        },
      ],
    },
  ],
};
