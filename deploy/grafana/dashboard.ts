/** A dashboard as it is thought of; `toGrafana` makes Grafana's document of it. */
export interface Dashboard {
  /** Its file's name too. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly rows: readonly Row[];
}

export interface Row {
  readonly title: string;
  /** Side by side, each as wide as the others. */
  readonly panels: readonly Panel[];
}

export interface Panel {
  readonly title: string;
  /** What it tells whoever looks at it for the first time. */
  readonly description: string;
  /** `now` shows the last value, large; `states` one bar a series, coloured by value. */
  readonly kind: 'lines' | 'shares' | 'now' | 'states';
  readonly unit: 'short' | 'reqps' | 's' | 'bytes' | 'percentunit' | 'dateTimeFromNow' | 'none';
  readonly queries: readonly Query[];
  /** From this value on it is red; with `low`, below it. */
  readonly red?: { readonly at: number; readonly low?: boolean };
}

export interface Query {
  /** PromQL. `$placement` is what the viewer chose, `$__rate_interval` what fits the scrapes and the screen. */
  readonly expr: string;
  readonly legend: string;
}

const WIDTH = 24;
const HEIGHT = 8;
const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };
const TYPES = { lines: 'timeseries', shares: 'timeseries', now: 'stat', states: 'state-timeline' } as const;

/** The document that Grafana reads. */
export function toGrafana({ uid, title, description, rows }: Dashboard): object {
  let id = 0;
  const panels = rows.flatMap((row, index) => {
    const top = index * (HEIGHT + 1);
    const width = Math.floor(WIDTH / row.panels.length);
    const header = {
      id: (id += 1),
      type: 'row',
      title: row.title,
      collapsed: false,
      gridPos: { x: 0, y: top, w: WIDTH, h: 1 },
      panels: [],
    };
    const below = row.panels.map((panel, place) => ({
      id: (id += 1),
      ...panelModel(panel),
      gridPos: { x: place * width, y: top + 1, w: width, h: HEIGHT },
    }));
    return [header, ...below];
  });
  return {
    uid,
    title: `topshelf: ${title}`,
    description,
    tags: ['topshelf'],
    schemaVersion: 39,
    editable: false,
    graphTooltip: 1,
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    templating: { list: [datasourceVariable, placementVariable] },
    annotations: { list: [swapAnnotation] },
    links: [
      {
        type: 'dashboards',
        tags: ['topshelf'],
        title: 'topshelf',
        asDropdown: true,
        includeVars: true,
        keepTime: true,
      },
    ],
    panels,
  };
}

function panelModel({ title, description, kind, unit, queries, red }: Panel) {
  const [normal, alarming] = red?.low === true ? ['red', 'green'] : ['green', 'red'];
  const steps = [
    { color: normal, value: null },
    ...(red === undefined ? [] : [{ color: alarming, value: red.at }]),
  ];
  return {
    type: TYPES[kind],
    title,
    description,
    datasource: DATASOURCE,
    targets: queries.map(({ expr, legend }, index) => ({
      refId: String.fromCharCode('A'.charCodeAt(0) + index),
      datasource: DATASOURCE,
      expr,
      legendFormat: legend,
      ...(kind === 'now' && { instant: true }),
    })),
    fieldConfig: {
      defaults: {
        unit,
        thresholds: { mode: 'absolute', steps },
        ...(kind === 'states' ? { color: { mode: 'palette-classic' } } : {}),
        custom:
          kind === 'lines' || kind === 'shares'
            ? {
                fillOpacity: kind === 'shares' ? 40 : 0,
                stacking: { mode: kind === 'shares' ? 'normal' : 'none' },
                ...(red && { thresholdsStyle: { mode: 'line' } }),
              }
            : {},
      },
      overrides: [],
    },
    options: kind === 'lines' || kind === 'shares' ? { tooltip: { mode: 'multi', sort: 'desc' } } : {},
  };
}

const datasourceVariable = {
  name: 'datasource',
  label: 'Prometheus',
  type: 'datasource',
  query: 'prometheus',
};

const placementVariable = {
  name: 'placement',
  label: 'Placement',
  type: 'query',
  datasource: DATASOURCE,
  query: 'label_values(topshelf_pointer_epoch, placement)',
  refresh: 2,
  multi: true,
  includeAll: true,
  allValue: '.*',
  current: { text: 'All', value: '$__all' },
};

/** A line through every panel where a server swapped. */
export const swapAnnotation = {
  name: 'Swaps',
  enable: true,
  iconColor: 'blue',
  datasource: DATASOURCE,
  expr: 'sum by (placement) (changes(topshelf_pointer_epoch{placement=~"$placement"}[1m])) > 0',
  titleFormat: 'new epoch of {{placement}}',
};
