import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';

export const PROMETHEUS_FOLDER = resolve(import.meta.dirname, '../../deploy/prometheus');

export interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface AlertTest {
  readonly name: string;
  readonly alert_rule_test: readonly {
    readonly alertname: string;
    readonly eval_time: string;
    readonly exp_alerts: readonly object[];
  }[];
}

const yamlFiles = (folder: string) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.yml'))
    .map((name) => join(folder, name));

/** Paths of the files with rules, and of those with promtool's tests of them. */
export const ruleFiles = yamlFiles(PROMETHEUS_FOLDER);
export const ruleTestFiles = yamlFiles(join(PROMETHEUS_FOLDER, 'tests'));

const read = (path: string): unknown => parse(readFileSync(path, 'utf8'));

/** Every rule, in the files' order. */
export const rules: readonly Rule[] = ruleFiles.flatMap((path) =>
  (read(path) as { groups: { rules: Rule[] }[] }).groups.flatMap((group) => group.rules),
);

export const alertTests: readonly AlertTest[] = ruleTestFiles.flatMap(
  (path) => (read(path) as { tests: AlertTest[] }).tests,
);
