import type { DuckDBConnection } from '@duckdb/node-api';

/**
 * Selects expressions that each give one number, `rest` being the query's FROM and whatever follows. Throws where one
 * is NULL: nothing was there to be measured.
 */
export async function selectNumbers<Name extends string>(
  connection: DuckDBConnection,
  expressions: Readonly<Record<Name, string>>,
  rest: string,
): Promise<Record<Name, number>> {
  const names = Object.keys(expressions) as Name[];
  const fields = names.map((name) => `(${expressions[name]})::DOUBLE AS "${name}"`);
  const result = await connection.runAndReadAll(`SELECT ${fields.join(', ')} ${rest}`);
  const [row] = result.getRows();
  const measured = names.map((name, at): [Name, number] => {
    const value = row?.[at];
    if (typeof value !== 'number') throw new Error(`${name} cannot be measured: there are no rows for it`);
    return [name, value];
  });
  return Object.fromEntries(measured) as Record<Name, number>;
}
