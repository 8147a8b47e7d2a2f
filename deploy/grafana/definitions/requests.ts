import type { Dashboard } from '../dashboard.ts';

const COUNT = 'topshelf_http_request_duration_seconds_count';
const BUCKET = 'topshelf_http_request_duration_seconds_bucket';
const HERE = 'placement=~"$placement"';

const quantile = (q: number, by: string, matchers: string) =>
  `histogram_quantile(${q}, sum by (le, ${by}) (rate(${BUCKET}{${matchers}}[$__rate_interval])))`;

/** Rate, errors, duration, by placement and source. */
export const requests: Dashboard = {
  uid: 'topshelf-requests',
  title: 'Requests',
  description: 'Rate, errors and duration of the API, by placement and by the source of the answer.',
  rows: [
    {
      title: 'Rate',
      panels: [
        {
          title: 'Requests by placement',
          description: 'Answered and refused. Without a placement: refused before one was known.',
          kind: 'shares',
          unit: 'reqps',
          queries: [
            { expr: `sum by (placement) (rate(${COUNT}[$__rate_interval]))`, legend: '{{placement}}' },
          ],
        },
        {
          title: 'Answers by source',
          description: 'One a user, also in a POST. Stale and popular ones with the reason.',
          kind: 'shares',
          unit: 'reqps',
          queries: [
            {
              expr: `sum by (source, reason) (rate(topshelf_answers_total{${HERE}}[$__rate_interval]))`,
              legend: '{{source}} {{reason}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Errors',
      panels: [
        {
          title: 'Requests by status',
          description: '5xx spend the budget; 4xx are the callers’ own.',
          kind: 'lines',
          unit: 'reqps',
          queries: [{ expr: `sum by (status) (rate(${COUNT}[$__rate_interval]))`, legend: '{{status}}' }],
        },
        {
          title: 'Degraded answers',
          description: 'Share of answers that a failure kept from being personalized, by reason.',
          kind: 'shares',
          unit: 'percentunit',
          queries: [
            { expr: `topshelf:answers_degraded:ratio_rate5m{${HERE}}`, legend: '{{placement}} {{reason}}' },
          ],
          red: { at: 0.01 },
        },
        {
          title: 'Answers to unknown users',
          description:
            'Share of answers for users without a prediction. A jump at a swap is a batch that lost users.',
          kind: 'lines',
          unit: 'percentunit',
          queries: [
            { expr: `topshelf:answers_to_unknown_users:ratio_rate5m{${HERE}}`, legend: '{{placement}}' },
          ],
        },
      ],
    },
    {
      title: 'Duration',
      panels: [
        {
          title: 'By placement',
          description: 'Of answered requests; the deadline is 100 ms.',
          kind: 'lines',
          unit: 's',
          queries: [0.5, 0.99, 0.999].map((q) => ({
            expr: quantile(q, 'placement', `${HERE}, status=~"2..|3.."`),
            legend: `p${q * 100} {{placement}}`,
          })),
          red: { at: 0.1 },
        },
        {
          title: 'p99 by source',
          description: 'A personalized answer may need the table; popular ones are in memory.',
          kind: 'lines',
          unit: 's',
          queries: [{ expr: quantile(0.99, 'source', `${HERE}, status=~"2..|3.."`), legend: '{{source}}' }],
        },
        {
          title: 'In flight',
          description: 'Requests under way, by server.',
          kind: 'lines',
          unit: 'short',
          queries: [{ expr: 'topshelf_http_requests_in_flight', legend: '{{instance}}' }],
        },
      ],
    },
  ],
};
