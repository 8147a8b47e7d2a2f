import type { Dashboard, Panel } from '../dashboard.ts';

const SERVICE_LEVELS = [
  { slo: 'availability', title: 'Availability', what: 'requests answered: 99.9 %' },
  { slo: 'latency', title: 'Latency', what: 'answers within 100 ms: 99.9 %' },
  {
    slo: 'personalized',
    title: 'Personalized',
    what: 'answers to known users that no failure degraded: 99.5 %',
  },
  { slo: 'freshness', title: 'Freshness', what: 'time with predictions younger than 36 hours: 95 %' },
] as const;

const left: Panel[] = SERVICE_LEVELS.map(({ slo, title, what }) => ({
  title,
  description: `What is left of the budget of 30 days; ${what}.`,
  kind: 'now',
  unit: 'percentunit',
  queries: [{ expr: `1 - topshelf:slo_burn:30d{slo="${slo}"}`, legend: '{{placement}}' }],
  red: { at: 0, low: true },
}));

const burns: Panel[] = SERVICE_LEVELS.map(({ slo, title }) => ({
  title: `${title}: burn`,
  description: 'How many times faster than allowed the budget is used. Over 14.4 for an hour is a page.',
  kind: 'lines',
  unit: 'short',
  queries: [
    { expr: `topshelf:slo_burn:5m{slo="${slo}"}`, legend: '5 min {{placement}}' },
    { expr: `topshelf:slo_burn:1h{slo="${slo}"}`, legend: '1 h {{placement}}' },
    { expr: `topshelf:slo_burn:6h{slo="${slo}"}`, legend: '6 h {{placement}}' },
    { expr: `topshelf:slo_burn:3d{slo="${slo}"}`, legend: '3 d {{placement}}' },
  ],
  red: { at: 14.4 },
}));

/** The service levels: what is left, and how fast it goes. */
export const budget: Dashboard = {
  uid: 'topshelf-budget',
  title: 'Budget',
  description: 'Service levels over 30 days, and what fires now.',
  rows: [
    { title: 'Budget left', panels: left },
    { title: 'Burn', panels: burns.slice(0, 2) },
    { title: 'Burn, by placement', panels: burns.slice(2) },
    {
      title: 'Alerts',
      panels: [
        {
          title: 'Firing',
          description: 'Alerts of topshelf; deploy/runbook.md has a section for each.',
          kind: 'states',
          unit: 'none',
          queries: [
            {
              expr: 'sum by (alertname, severity) (ALERTS{alertname=~"Topshelf.*", alertstate="firing"})',
              legend: '{{alertname}} ({{severity}})',
            },
          ],
        },
      ],
    },
  ],
};
