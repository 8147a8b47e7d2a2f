import { readdir, readFile, readlink } from 'node:fs/promises';

// From net/tcp_states.h, as /proc/net/tcp has them.
const ESTABLISHED = '01';
const CLOSE_WAIT = '08';

/** How many TCP connections a process holds to a port of loopback: those that work, and those it forgot to close. */
export async function connectionsTo(pid: number, address: string): Promise<number> {
  const port = Number(address.split(':').at(-1)).toString(16).toUpperCase().padStart(4, '0');
  const own = await socketsOf(pid);
  const [, ...rows] = (await readFile('/proc/net/tcp', 'utf8')).trim().split('\n');
  return rows.filter((row) => {
    const [, , remote = '', state = '', , , , , , inode = ''] = row.trim().split(/\s+/);
    return remote.endsWith(`:${port}`) && [ESTABLISHED, CLOSE_WAIT].includes(state) && own.has(inode);
  }).length;
}

async function socketsOf(pid: number): Promise<Set<string>> {
  const folder = `/proc/${pid}/fd`;
  // One may be closed between the listing and the look at it.
  const links = await Promise.all(
    (await readdir(folder)).map((fd) => readlink(`${folder}/${fd}`).catch(() => '')),
  );
  return new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
}
