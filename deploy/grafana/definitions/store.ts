import type { Dashboard } from '../dashboard.ts';

const HERE = 'placement=~"$placement"';
const rate = (metric: string, by: string) => `sum by (${by}) (rate(${metric}{${HERE}}[$__rate_interval]))`;

/** Reads of tables. */
export const store: Dashboard = {
  uid: 'topshelf-store',
  title: 'Store',
  description: 'Reads of DynamoDB: rate, outcome, duration, batches, extra reads, breakers.',
  rows: [
    {
      title: 'Reads',
      panels: [
        {
          title: 'Users read, by outcome',
          description: 'A batch counts each of its users. Throttled ones: the table needs warm throughput.',
          kind: 'shares',
          unit: 'reqps',
          queries: [{ expr: rate('topshelf_store_users_read_total', 'outcome'), legend: '{{outcome}}' }],
        },
        {
          title: 'Duration',
          description: 'Of one read, by outcome.',
          kind: 'lines',
          unit: 's',
          queries: [0.5, 0.99].map((q) => ({
            expr: `histogram_quantile(${q}, ${rate('topshelf_store_read_duration_seconds_bucket', 'le, outcome')})`,
            legend: `p${q * 100} {{outcome}}`,
          })),
        },
        {
          title: 'Users of one read',
          description: 'Over 1 where reads gathered: busy servers ask for more users at a time.',
          kind: 'lines',
          unit: 'short',
          queries: [
            {
              expr: `${rate('topshelf_store_read_size_users_sum', 'placement')} / ${rate('topshelf_store_read_size_users_count', 'placement')}`,
              legend: '{{placement}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Extra reads',
      panels: [
        {
          title: 'Hedges',
          description: 'Slow reads that were made a second time; won: the second was faster.',
          kind: 'lines',
          unit: 'reqps',
          queries: [{ expr: rate('topshelf_store_hedges_total', 'outcome'), legend: '{{outcome}}' }],
        },
        {
          title: 'Users asked for once more',
          description: 'By hedges and retries, as a share of users read: at most a tenth.',
          kind: 'shares',
          unit: 'percentunit',
          queries: [
            {
              expr: `${rate('topshelf_store_extra_users_read_total', 'placement, reason')} / on (placement) group_left () ${rate('topshelf_store_users_read_total', 'placement')}`,
              legend: '{{placement}} {{reason}}',
            },
          ],
        },
        {
          title: 'Denied',
          description: 'Hedges and retries for which that tenth was used up.',
          kind: 'lines',
          unit: 'reqps',
          queries: [
            { expr: rate('topshelf_store_extra_reads_denied_total', 'reason'), legend: '{{reason}}' },
          ],
        },
      ],
    },
    {
      title: 'Health',
      panels: [
        {
          title: 'Breakers',
          description: '0 closed, 1 half-open, 2 open: the table failed so often that it is not asked.',
          kind: 'states',
          unit: 'none',
          queries: [{ expr: `topshelf_breaker_state{${HERE}}`, legend: '{{placement}} {{instance}}' }],
          red: { at: 1 },
        },
        {
          title: 'Changes of breakers',
          description: 'By the state they went to.',
          kind: 'lines',
          unit: 'none',
          queries: [
            {
              expr: `sum by (placement, state) (increase(topshelf_breaker_transitions_total{${HERE}}[$__rate_interval]))`,
              legend: '{{placement}} {{state}}',
            },
          ],
        },
        {
          title: 'Reads in flight',
          description: 'By server; the limit is TOPSHELF_MAX_READS_IN_FLIGHT, 64.',
          kind: 'lines',
          unit: 'short',
          queries: [{ expr: 'topshelf_store_reads_in_flight', legend: '{{instance}}' }],
        },
        {
          title: 'Items that are no predictions',
          description: 'Another tool has written into a table.',
          kind: 'lines',
          unit: 'none',
          queries: [
            {
              expr: `sum by (placement) (topshelf_store_items_unreadable_total{${HERE}})`,
              legend: '{{placement}}',
            },
          ],
        },
      ],
    },
  ],
};
