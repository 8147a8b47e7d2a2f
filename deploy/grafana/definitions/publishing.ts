import type { Dashboard } from '../dashboard.ts';

const HERE = 'placement=~"$placement"';

/** What servers know of the batches. The jobs themselves end with an exit code, for the scheduler to show. */
export const publishing: Dashboard = {
  uid: 'topshelf-publishing',
  title: 'Publishing',
  description: 'Age of what is live, when versions changed, holds.',
  rows: [
    {
      title: 'Now',
      panels: [
        {
          title: 'Predictions made',
          description: 'When the model made what is live.',
          kind: 'now',
          unit: 'dateTimeFromNow',
          queries: [
            {
              expr: `1000 * min by (placement) (topshelf_predictions_generated_timestamp_seconds{${HERE}})`,
              legend: '{{placement}}',
            },
          ],
        },
        {
          title: 'Activations held',
          description: '1 after a rollback, or a table named by hand, until somebody releases it.',
          kind: 'now',
          unit: 'none',
          queries: [
            { expr: `max by (placement) (topshelf_activations_held{${HERE}})`, legend: '{{placement}}' },
          ],
          red: { at: 1 },
        },
        {
          title: 'Changes of version in 7 days',
          description: 'Publishing and rollbacks, as the servers that are up saw them.',
          kind: 'now',
          unit: 'none',
          queries: [
            {
              expr: `count by (placement) (count by (placement, version) (last_over_time(topshelf_active_version_info{${HERE}}[7d]))) - 1`,
              legend: '{{placement}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Age',
      panels: [
        {
          title: 'Age of the predictions',
          description: 'A ticket at 30 hours; at 36 the service level suffers.',
          kind: 'lines',
          unit: 's',
          queries: [
            {
              expr: `time() - min by (placement) (topshelf_predictions_generated_timestamp_seconds{${HERE}})`,
              legend: '{{placement}}',
            },
          ],
          red: { at: 30 * 3600 },
        },
        {
          title: 'Versions live',
          description: 'Servers on each version: a new one takes over from the one before.',
          kind: 'shares',
          unit: 'none',
          queries: [
            {
              expr: `count by (placement, version) (topshelf_active_version_info{${HERE}})`,
              legend: '{{placement}} {{version}}',
            },
          ],
        },
      ],
    },
  ],
};
