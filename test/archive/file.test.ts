import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createFileArchive } from '../../src/archive/file.ts';
import { LostRaceError, UnreachableError } from '../../src/domain/errors.ts';
import { archiveContract } from '../contracts/archive.contract.ts';

const never = new AbortController().signal;

let parent: string;
beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'topshelf-file-archive-'));
});
afterAll(async () => {
  await rm(parent, { recursive: true, force: true });
});

archiveContract('a directory', async () => createFileArchive({ root: await mkdtemp(join(parent, 'root-')) }));

it('leaves no temporary file behind, whoever wins', async () => {
  const root = await mkdtemp(join(parent, 'root-'));
  const archive = createFileArchive({ root });
  await Promise.all([archive.putOnce('home/a.json', '1', never), archive.putOnce('home/a.json', '2', never)]);
  expect(await readdir(join(root, 'home'))).toEqual(['a.json']);
});

it('names the lock that an erasure left which was killed in the midst of replacing a file', async () => {
  const root = await mkdtemp(join(parent, 'root-'));
  const archive = createFileArchive({ root });
  const [copy, lock] = [join(root, 'copy'), join(root, 'home', 'a.parquet.replacing.tmp')];
  await archive.putOnce('home/a.parquet', 'all users', never);
  const state = (await archive.getFile('home/a.parquet', copy, never)) ?? '';
  await writeFile(lock, '');
  const replace = () => archive.replaceForErasure('home/a.parquet', { path: copy, state }, never);
  await expect(replace()).rejects.toBeInstanceOf(LostRaceError);
  await expect(replace()).rejects.toThrow(`delete ${lock}`);
  await rm(lock);
  await replace();
  expect(await readdir(join(root, 'home'))).toEqual(['a.parquet']);
});

it('says unreachable, with the path, where its root cannot hold files', async () => {
  const root = join(parent, 'a-file');
  await writeFile(root, '');
  const attempt = createFileArchive({ root }).putOnce('home/a.json', '1', never);
  await expect(attempt).rejects.toBeInstanceOf(UnreachableError);
  await expect(attempt).rejects.toThrow(join(root, 'home'));
});
