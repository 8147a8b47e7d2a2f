import { swapAnnotation } from '../../deploy/grafana/dashboard.ts';
import { dashboards } from '../../deploy/grafana/definitions/all.ts';
import { rules } from './alert-rules.ts';

export interface NamedQuery {
  /** Where it stands. */
  readonly name: string;
  readonly expr: string;
}

/** The queries of every rule. */
export const ruleQueries: readonly NamedQuery[] = rules.map(({ alert, record, labels, expr }) => ({
  name: alert ?? `${record} ${labels?.slo ?? ''}`,
  expr,
}));

/** The queries of every panel, with Grafana's variables as they are with all placements and an interval. */
export function panelQueries(interval: string): NamedQuery[] {
  const panels = dashboards.flatMap(({ title, rows }) =>
    rows.flatMap((row) =>
      row.panels.flatMap((panel) =>
        panel.queries.map(({ expr }) => ({ name: `${title} / ${panel.title}`, expr })),
      ),
    ),
  );
  return [...panels, { name: 'swaps, on every panel', expr: swapAnnotation.expr }].map(({ name, expr }) => ({
    name,
    expr: expr.replaceAll('$placement', '.*').replaceAll('$__rate_interval', interval),
  }));
}
