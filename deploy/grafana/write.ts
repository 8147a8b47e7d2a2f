/** `npm run dashboards`: writes Grafana's documents beside this file. A test holds them to the code. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toGrafana } from './dashboard.ts';
import { dashboards } from './definitions/all.ts';

for (const dashboard of dashboards) {
  const path = join(import.meta.dirname, 'dashboards', `${dashboard.uid}.json`);
  writeFileSync(path, `${JSON.stringify(toGrafana(dashboard), null, 2)}\n`);
}
