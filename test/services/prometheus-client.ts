import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { serviceEndpoints } from './endpoints.ts';

export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [seconds: number, text: string];
}

export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [seconds: number, text: string])[];
}

export interface RuleState {
  readonly name: string;
  readonly query: string;
  readonly health: string;
  readonly lastError?: string;
}

export interface AlertState {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: 'pending' | 'firing';
}

/** The Prometheus that the harness started. */
export function openPrometheus() {
  const { url, folder } = serviceEndpoints().prometheus;

  /** One answer of its API; throws Error with what it says against the question. */
  async function ask<T>(path: string): Promise<T> {
    const response = await fetch(`${url}/api/v1/${path}`);
    const body = (await response.json()) as { status: string; data: T; error?: string; warnings?: string[] };
    if (body.status !== 'success' || body.warnings !== undefined)
      throw new Error(`${path}: ${body.error ?? body.warnings?.join()}`);
    return body.data;
  }

  return {
    /** Scrapes these from now on, and nothing else. */
    scrape: (...targets: readonly string[]) =>
      writeFile(join(folder, 'targets.json'), JSON.stringify([{ targets }])),

    /** Evaluates these rules from now on, and no others; by file name. */
    async useRules(files: ReadonlyMap<string, string>): Promise<void> {
      const rules = join(folder, 'rules');
      for (const name of await readdir(rules)) await rm(join(rules, name));
      for (const [name, text] of files) await writeFile(join(rules, name), text);
      const response = await fetch(`${url}/-/reload`, { method: 'POST' });
      if (!response.ok) throw new Error(`Prometheus does not take the rules: ${await response.text()}`);
    },

    /** The samples that a query finds now; a number for a query that gives one. */
    async query(expr: string): Promise<readonly Sample[]> {
      return (await ask<{ result: Sample[] }>(`query?query=${encodeURIComponent(expr)}`)).result;
    },

    /** The series that a query gives between two times, in seconds since the epoch. */
    async range(expr: string, from: number, to: number, step: number): Promise<readonly Series[]> {
      const between = `start=${from}&end=${to}&step=${step}`;
      return (await ask<{ result: Series[] }>(`query_range?query=${encodeURIComponent(expr)}&${between}`))
        .result;
    },

    async rules(): Promise<readonly RuleState[]> {
      const { groups } = await ask<{ groups: { rules: RuleState[] }[] }>('rules');
      return groups.flatMap((group) => group.rules);
    },

    async alerts(): Promise<readonly AlertState[]> {
      return (await ask<{ alerts: AlertState[] }>('alerts')).alerts;
    },
  };
}
