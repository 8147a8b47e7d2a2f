import { NotFoundError } from '../domain/errors.ts';
import { shown } from '../domain/ids.ts';
import type { Seal } from '../domain/seal.ts';
import { isVersion, tableName } from '../domain/version.ts';
import type { PublisherContext } from './context.ts';
import { sealOrNull } from './pointer-state.ts';

/** The seal of a version. Throws NotFoundError where there is none, or where its table holds another's. */
export async function sealedVersion(
  { tables, tablePrefix }: Pick<PublisherContext, 'tables' | 'tablePrefix'>,
  { placement, version }: { placement: string; version: string },
  signal: AbortSignal,
): Promise<Seal> {
  if (!isVersion(version)) {
    throw new NotFoundError(
      `${shown(version)} is not a version; "topshelf versions" lists those of ${placement}`,
    );
  }
  const table = tableName(tablePrefix, placement, version);
  const seal = await sealOrNull(tables, table, signal);
  if (seal === null) {
    throw new NotFoundError(
      `version ${version} of ${placement} is not there or not sealed (table ${table}); only a version whose load ended can go live`,
    );
  }
  if (seal.version !== version || seal.placement !== placement) {
    throw new NotFoundError(`the seal of table ${table} is that of ${seal.placement} ${seal.version}`);
  }
  return seal;
}
