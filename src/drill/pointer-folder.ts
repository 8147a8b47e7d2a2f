import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { faultyPointer } from './faulty-pointer.ts';
import type { PointerFault, PointerStandIn, ReadPointer } from './pointer-stand-in.ts';

/**
 * A folder with a copy of the pointer, for pointer stores that no HTTP proxy can stand for. `root` must not exist yet
 * and is the caller's to remove.
 */
export async function copyPointerToFolder(
  root: string,
  placement: string,
  read: ReadPointer,
): Promise<PointerStandIn> {
  const directory = join(root, placement);
  const aside = `${root}.aside`;
  let number = 0;
  let isAway = false;

  // The highest number counts, so that each content takes the place of the one before.
  async function show(content: Uint8Array): Promise<void> {
    number += 1;
    const temporary = join(directory, `${number}.tmp`);
    await writeFile(temporary, content);
    await rename(temporary, join(directory, `${number}.json`));
  }

  async function goAway(): Promise<void> {
    await rename(root, aside);
    await writeFile(root, ''); // a missing folder would say that there is no pointer, which is an answer
    isAway = true;
  }

  async function comeBack(): Promise<void> {
    await rm(root);
    await rename(aside, root);
    isAway = false;
  }

  await mkdir(directory, { recursive: true });
  await show(await read());
  return {
    environment: { TOPSHELF_POINTER: pathToFileURL(root).href },
    async befall(fault: PointerFault | undefined) {
      if (isAway) await comeBack();
      if (fault === 'away') return goAway();
      const real = await read();
      await show(fault === undefined ? real : faultyPointer(real, placement, fault));
    },
    close: async () => undefined,
  };
}
