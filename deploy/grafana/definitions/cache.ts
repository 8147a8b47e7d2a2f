import type { Dashboard } from '../dashboard.ts';

const LOOKUPS = 'topshelf_cache_lookups_total';
const HERE = 'placement=~"$placement"';
const ALL = `sum by (placement) (rate(${LOOKUPS}{${HERE}}[$__rate_interval]))`;

/** What memory answers, and how full it is. */
export const cache: Dashboard = {
  uid: 'topshelf-cache',
  title: 'Cache',
  description: 'Look-ups by outcome, memory against the limit, evictions.',
  rows: [
    {
      title: 'Look-ups',
      panels: [
        {
          title: 'Share found',
          description: 'Users found in memory, or known not to be in the table. It dips at a swap.',
          kind: 'lines',
          unit: 'percentunit',
          queries: [
            {
              expr:
                `(sum by (placement) (rate(${LOOKUPS}{${HERE}, outcome=~"hit|unknown"}[$__rate_interval]))` +
                ` or 0 * ${ALL}) / ${ALL}`,
              legend: '{{placement}}',
            },
          ],
        },
        {
          title: 'By outcome',
          description: 'hit, aged (found, read again), unknown (known not to be in the table), miss.',
          kind: 'shares',
          unit: 'reqps',
          queries: [
            {
              expr: `sum by (outcome) (rate(${LOOKUPS}{${HERE}}[$__rate_interval]))`,
              legend: '{{outcome}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Memory',
      panels: [
        {
          title: 'Share of the limit in use',
          description: 'All placements and swaps together, by server.',
          kind: 'lines',
          unit: 'percentunit',
          queries: [
            { expr: 'topshelf_cache_size_bytes / topshelf_cache_limit_bytes', legend: '{{instance}}' },
          ],
        },
        {
          title: 'Predictions cached',
          description: 'By server.',
          kind: 'lines',
          unit: 'short',
          queries: [{ expr: 'topshelf_cache_entries', legend: '{{instance}}' }],
        },
        {
          title: 'Evictions',
          description:
            'Predictions that left to make room. Many of them with a low share found: raise the limit.',
          kind: 'lines',
          unit: 'reqps',
          queries: [
            {
              expr: 'sum by (instance) (rate(topshelf_cache_evictions_total[$__rate_interval]))',
              legend: '{{instance}}',
            },
          ],
        },
      ],
    },
  ],
};
