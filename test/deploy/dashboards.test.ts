import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { toGrafana } from '../../deploy/grafana/dashboard.ts';
import { dashboards } from '../../deploy/grafana/definitions/all.ts';

const FOLDER = resolve(import.meta.dirname, '../../deploy/grafana/dashboards');

interface Box {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

const overlap = (a: Box, b: Box) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

describe('the dashboards', () => {
  it('in the folder are those that the code makes: npm run dashboards', () => {
    const made = new Map(
      dashboards.map((each) => [`${each.uid}.json`, `${JSON.stringify(toGrafana(each), null, 2)}\n`]),
    );
    const stored = new Map(
      readdirSync(FOLDER).map((name) => [name, readFileSync(join(FOLDER, name), 'utf8')]),
    );
    expect(stored).toEqual(made);
  });

  it.each(dashboards)('$title has panels side by side and below each other, none on another', (dashboard) => {
    const { panels } = toGrafana(dashboard) as { panels: { id: number; gridPos: Box }[] };
    const boxes = panels.map(({ gridPos }) => gridPos);
    for (const { x, w } of boxes) expect(x + w).toBeLessThanOrEqual(24);
    expect(boxes.filter((box, at) => boxes.slice(at + 1).some((other) => overlap(box, other)))).toEqual([]);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  });

  it.each(dashboards)('$title explains each panel', ({ rows }) => {
    const panels = rows.flatMap((row) => row.panels);
    for (const { title, description, queries } of panels) {
      expect(description, title).toMatch(/.{4,}\.$/);
      expect(queries.length, title).toBeGreaterThan(0);
    }
  });
});
