/** One line of a panel. */
export interface Line {
  readonly label: string;
  /** Seconds since the beginning, and the value. */
  readonly points: readonly (readonly [seconds: number, value: number])[];
}

export interface DrawnPanel {
  readonly title: string;
  readonly lines: readonly Line[];
}

const COLUMNS = 2;
const PANEL = { width: 380, height: 190 };
const PLOT = { left: 52, top: 30, width: 312, height: 104 };
const COLOURS = ['#0969da', '#cf222e', '#1a7f37', '#9a6700', '#8250df', '#57606a'];
// A series that was away for longer begins anew.
const GAP_SECONDS = 2;
const LEGEND_LINES = 2;
const LEGEND_CHARACTERS = 52;

/** Panels side by side as one SVG, over the same time: what Grafana would show, where there is none. */
export function panelSheet(title: string, panels: readonly DrawnPanel[]): string {
  const seconds = Math.max(
    ...panels.flatMap(({ lines }) => lines.flatMap(({ points }) => points.map(([at]) => at))),
  );
  const width = COLUMNS * PANEL.width;
  const height = Math.ceil(panels.length / COLUMNS) * PANEL.height;
  const drawn = panels.map((panel, at) => {
    const place = `${(at % COLUMNS) * PANEL.width} ${Math.floor(at / COLUMNS) * PANEL.height}`;
    return `<g transform="translate(${place})">\n${panelOf(panel, seconds)}\n</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escape(title)}">
<style>text { font: 11px system-ui, sans-serif; fill: #57606a } .title { font-size: 13px; font-weight: 600; fill: #24292f }</style>
<rect width="${width}" height="${height}" fill="#ffffff"/>
${drawn.join('\n')}
</svg>
`;
}

function panelOf({ title, lines }: DrawnPanel, seconds: number): string {
  const values = lines.flatMap(({ points }) => points.map(([, value]) => value));
  const low = Math.min(0, ...values);
  const high = Math.max(...values) > low ? Math.max(...values) : low + 1;
  const { left, top, width, height } = PLOT;
  const x = (at: number) => (left + (at / seconds) * width).toFixed(1);
  const y = (value: number) => (top + height - ((value - low) / (high - low)) * height).toFixed(1);
  const paths = lines.map(({ points }, at) => {
    const path = points.map(([second, value], each) => {
      const isAfterGap = each === 0 || second - points[each - 1]![0] > GAP_SECONDS;
      return `${isAfterGap ? 'M' : 'L'}${x(second)},${y(value)}`;
    });
    return `<path fill="none" stroke="${COLOURS[at % COLOURS.length]}" stroke-width="1.5" d="${path.join('')}"/>`;
  });
  const bottom = top + height;
  const legend = lines.slice(0, LEGEND_LINES * COLUMNS).map(({ label }, at) => {
    const shown = label.length > LEGEND_CHARACTERS ? `${label.slice(0, LEGEND_CHARACTERS)}…` : label;
    return `<text x="${left}" y="${bottom + 28 + at * 12}" style="fill:${COLOURS[at % COLOURS.length]}">${escape(shown)}</text>`;
  });
  return [
    `<text class="title" x="${left}" y="18">${escape(title)}</text>`,
    `<rect x="${left}" y="${top}" width="${width}" height="${height}" fill="none" stroke="#d0d7de"/>`,
    `<text x="${left - 6}" y="${top + 9}" text-anchor="end">${numeral(high)}</text>`,
    `<text x="${left - 6}" y="${bottom}" text-anchor="end">${numeral(low)}</text>`,
    `<text x="${left + width}" y="${bottom + 14}" text-anchor="end">${Math.round(seconds)} s</text>`,
    ...paths,
    ...legend,
  ].join('\n');
}

const numeral = (value: number) => String(Number(value.toPrecision(3)));

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
