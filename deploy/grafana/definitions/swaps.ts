import type { Dashboard } from '../dashboard.ts';

const HERE = 'placement=~"$placement"';

/** What each server serves, and since when. */
export const swaps: Dashboard = {
  uid: 'topshelf-swaps',
  title: 'Swaps',
  description: 'Versions and epochs by server, swaps, warm-ups, and how pointers are read.',
  rows: [
    {
      title: 'What is live',
      panels: [
        {
          title: 'Versions by server',
          description: 'A bar for each server and version. At a swap all change within seconds.',
          kind: 'states',
          unit: 'none',
          queries: [
            {
              expr: `sum by (placement, version, instance) (topshelf_active_version_info{${HERE}})`,
              legend: '{{placement}} {{version}} {{instance}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Epochs',
      panels: [
        {
          title: 'Epoch by server',
          description:
            'Every write of a pointer is a higher one. A server that stays below has not followed.',
          kind: 'lines',
          unit: 'none',
          queries: [{ expr: `topshelf_pointer_epoch{${HERE}}`, legend: '{{placement}} {{instance}}' }],
        },
        {
          title: 'Versions at once',
          description: 'Different versions that servers answer a placement from.',
          kind: 'lines',
          unit: 'none',
          queries: [
            {
              expr: `count by (placement) (count by (placement, version) (topshelf_active_version_info{${HERE}}))`,
              legend: '{{placement}}',
            },
          ],
          red: { at: 2 },
        },
        {
          title: 'Blocked products',
          description: 'Products that are kept out of every answer.',
          kind: 'lines',
          unit: 'none',
          queries: [
            { expr: `max by (placement) (topshelf_blocked_products{${HERE}})`, legend: '{{placement}}' },
          ],
        },
      ],
    },
    {
      title: 'Swaps',
      panels: [
        {
          title: 'New epochs',
          description: 'Adopted by servers; changed tells whether the version changed with it.',
          kind: 'shares',
          unit: 'none',
          queries: [
            {
              expr: `sum by (placement, changed) (increase(topshelf_swaps_total{${HERE}}[$__rate_interval]))`,
              legend: '{{placement}} changed: {{changed}}',
            },
          ],
        },
        {
          title: 'Time to swap',
          description: 'From the reading of a new pointer to the swap, the slowest tenth; warm-up included.',
          kind: 'lines',
          unit: 's',
          queries: [
            {
              expr: `histogram_quantile(0.9, sum by (le, placement) (increase(topshelf_swap_duration_seconds_bucket{${HERE}}[1h])))`,
              legend: '{{placement}}',
            },
          ],
        },
        {
          title: 'Warm-ups',
          description: 'How reading the hottest users before a swap ended, and how many they were.',
          kind: 'lines',
          unit: 'short',
          queries: [
            {
              expr: `sum by (placement, outcome) (increase(topshelf_warm_up_duration_seconds_count{${HERE}}[1h]))`,
              legend: '{{placement}} {{outcome}}',
            },
            {
              expr: `sum by (placement) (increase(topshelf_warm_up_users_total{${HERE}}[1h]))`,
              legend: '{{placement}} users',
            },
          ],
        },
      ],
    },
    {
      title: 'Pointers',
      panels: [
        {
          title: 'Since the last read',
          description: 'Time since the pointer store last answered, the server that has waited longest.',
          kind: 'lines',
          unit: 's',
          queries: [
            {
              expr: `time() - min by (placement) (topshelf_pointer_last_read_timestamp_seconds{${HERE}})`,
              legend: '{{placement}}',
            },
          ],
          red: { at: 60 },
        },
        {
          title: 'Not adopted',
          description: 'Pointers that were seen and refused, by reason; the README says what to do for each.',
          kind: 'lines',
          unit: 'none',
          queries: [
            {
              expr: `sum by (placement, reason) (topshelf_pointer_rejections_total{${HERE}})`,
              legend: '{{placement}} {{reason}}',
            },
          ],
        },
        {
          title: 'Reads and saves that failed',
          description: 'Readings of pointers, and saves of the last one; placement * is the listing.',
          kind: 'lines',
          unit: 'none',
          queries: [
            {
              expr: 'sum by (placement) (rate(topshelf_pointer_read_errors_total[$__rate_interval]))',
              legend: 'read {{placement}}',
            },
            {
              expr: 'sum by (placement) (rate(topshelf_saved_pointer_errors_total[$__rate_interval]))',
              legend: 'save {{placement}}',
            },
          ],
        },
      ],
    },
  ],
};
