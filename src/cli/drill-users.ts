import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createGunzip } from 'node:zlib';
import { messageOf, UsageError } from '../domain/errors.ts';
import { shown, userIdFault } from '../domain/ids.ts';
import type { DrillFlags } from './drill-flags.ts';

/** Each takes a read or two of every rehearsal's server; more would show nothing new. */
const MOST_USERS = 500;
const DEMO_USERS = 200;
const DEMO_FILE = new URL('../demo/data/predictions-2011-12-07.csv.gz', import.meta.url);

/**
 * The users to ask for, none twice: those given by flag and file, else, with a demo, users of the bundled predictions.
 * Throws UsageError where there are none, and for an id that is none or a file that cannot be read.
 */
export async function drillUsers({ user, usersFile, demo }: DrillFlags): Promise<string[]> {
  const listed = usersFile === undefined ? [] : await usersIn(usersFile);
  const given = [...user.map((id) => ({ id, where: '--user' })), ...listed];
  for (const { id, where } of given) {
    const fault = userIdFault(id);
    if (fault !== undefined) throw new UsageError(`${where}: user id ${shown(id)} ${fault}`);
  }
  if (given.length > 0) return [...new Set(given.map(({ id }) => id))].slice(0, MOST_USERS);
  if (demo === true) return bundledUsers();
  throw new UsageError(
    'a drill asks for users who exist: --users-file FILE with one id a line (from an access log, or from the files ' +
      'that were published), or --user ID, more than once',
  );
}

async function usersIn(path: string): Promise<{ id: string; where: string }[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new UsageError(`--users-file cannot be read: ${messageOf(error)}`, { cause: error });
  }
  const lines = text.split('\n').map((line, index) => ({
    id: line.replace(/\r$/, ''),
    where: `${path}, line ${index + 1}`,
  }));
  return lines.filter(({ id }) => id !== '');
}

/** The first users of the bundled predictions, whose first column is the user. */
async function bundledUsers(): Promise<string[]> {
  const input = createReadStream(fileURLToPath(DEMO_FILE)).pipe(createGunzip());
  const users = new Set<string>();
  let isHeader = true;
  for await (const line of createInterface({ input })) {
    if (!isHeader) users.add(line.slice(0, line.indexOf(',')));
    isHeader = false;
    if (users.size === DEMO_USERS) break;
  }
  input.destroy();
  return [...users];
}
