import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, '../../deploy/iam');

export interface Statement {
  readonly Sid: string;
  readonly Effect: string;
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
}

/** The statements of a role's policy in deploy/iam. */
export function policyOf(role: string): readonly Statement[] {
  const text = readFileSync(join(FOLDER, `${role}.json`), 'utf8');
  return (JSON.parse(text) as { Statement: Statement[] }).Statement;
}

export const ROLES: readonly string[] = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.json'))
  .map((name) => name.replace('.json', ''));

/** Whether a policy's resource, with `bucket` for its BUCKET, covers what a call names: `table/x`, `bucket/key`. */
export function covers(pattern: string, resource: string, bucket: string): boolean {
  const [, , service = '', , , ...rest] = pattern.split(':');
  const path = service === '' ? pattern : rest.join(':').replace('BUCKET', bucket);
  const expression = path.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
  return new RegExp(`^${expression}$`).test(resource);
}
