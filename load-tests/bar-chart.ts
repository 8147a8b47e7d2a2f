/** One bar. `parts` are lengths from left to right; the first is drawn strong, the next ones faint. */
export interface Bar {
  readonly label: string;
  readonly parts: readonly number[];
  /** What is written behind it. */
  readonly note: string;
  /** Drawn in the accent colour. */
  readonly isOurs?: boolean;
}

const WIDTH = 760;
const LABEL_WIDTH = 250;
const NOTE_WIDTH = 130;
const ROW = 26;
const BAR = 16;
const HEAD = 44;

/**
 * A chart of horizontal bars as SVG. Its colours follow the reader's scheme; text and track are legible on both, also
 * where a viewer knows no schemes.
 */
export function barChart(title: string, bars: readonly Bar[]): string {
  const longest = Math.max(...bars.map(({ parts }) => sum(parts)), Number.MIN_VALUE);
  const scale = (WIDTH - LABEL_WIDTH - NOTE_WIDTH) / longest;
  const height = HEAD + bars.length * ROW + 8;
  const rows = bars.map((bar, row) => barRow(bar, HEAD + row * ROW, scale));
  const size = `viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img" aria-label="${escape(title)}">
<style>
text { font: 13px system-ui, sans-serif; fill: #57606a }
.title { font-size: 15px; font-weight: 600; fill: #24292f }
.bar { fill: #8c959f }
.ours { fill: #0969da }
.rest { opacity: 0.3 }
@media (prefers-color-scheme: dark) {
  text { fill: #9198a1 }
  .title { fill: #e6edf3 }
  .bar { fill: #6e7681 }
  .ours { fill: #4493f8 }
}
</style>
<text class="title" x="8" y="24">${escape(title)}</text>
${rows.join('\n')}
</svg>
`;
}

function barRow({ label, parts, note, isOurs = false }: Bar, top: number, scale: number): string {
  const colour = isOurs ? 'bar ours' : 'bar';
  let left = LABEL_WIDTH;
  const rects = parts.map((part, at) => {
    const width = Math.max(1, part * scale);
    const shade = at === 0 ? colour : `${colour} rest`;
    const place = `x="${left.toFixed(1)}" y="${top}" width="${width.toFixed(1)}" height="${BAR}"`;
    left += width;
    return `<rect class="${shade}" ${place}/>`;
  });
  const baseline = top + BAR - 3;
  return [
    `<text x="${LABEL_WIDTH - 10}" y="${baseline}" text-anchor="end">${escape(label)}</text>`,
    ...rects,
    `<text x="${(left + 8).toFixed(1)}" y="${baseline}">${escape(note)}</text>`,
  ].join('');
}

function sum(parts: readonly number[]): number {
  return parts.reduce((total, part) => total + part, 0);
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
