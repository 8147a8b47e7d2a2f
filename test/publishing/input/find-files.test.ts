import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { UsageError } from '../../../src/domain/errors.ts';
import { findFiles } from '../../../src/publishing/input/find-files.ts';
import type { RemoteFile, RemoteFiles } from '../../../src/publishing/input/remote-files.ts';
import { createFolder, never, withInput } from '../fixtures.ts';

let folder: Awaited<ReturnType<typeof createFolder>>;
const FILES = ['b.csv', 'a.csv', 'day=1/part-0', 'day=1/_SUCCESS', '.hidden/c.csv', 'd[1].csv', '_run/e.csv'];
beforeAll(async () => {
  folder = await createFolder();
  for (const name of FILES) {
    await mkdir(dirname(join(folder.path, 'in', name)), { recursive: true });
    await writeFile(join(folder.path, 'in', name), name);
  }
});
afterAll(() => folder.remove());

const fetched: string[] = [];
const find = async (...paths: string[]) => {
  const openRemoteFiles = async () =>
    bucket(['x/day/a.csv', 'x/day/b.gz', 'x/day/_SUCCESS', 'x/day/', 'x/day-old/c.csv']);
  const onFetch = (url: string, bytes: number) => void fetched.push(`${url} ${bytes}`);
  const found = await findFiles(paths, { folder: folder.path, openRemoteFiles, onFetch, signal: never });
  return found.map(({ path }) => path.replace(`${folder.path}/in/`, ''));
};
const local = (name: string) => join(folder.path, 'in', name);

/** An object store that holds these keys in bucket `s`, each containing its own URL. */
function bucket(keys: readonly string[]): RemoteFiles {
  const objects = keys.map((key): RemoteFile => {
    const url = `s3://s/${key}`;
    return { url, bytes: url.length, etag: key, modifiedAt: 5 };
  });
  return {
    list: async (url) => objects.filter((each) => each.url.startsWith(url)),
    fetch: async ({ url }, path) => writeFile(path, url),
    close: () => undefined,
  };
}

it('takes files as they are named, each once, in the order given', async () => {
  expect(await find(local('b.csv'), local('a.csv'), local('b.csv'), local('d[1].csv'))).toEqual([
    'b.csv',
    'a.csv',
    'd[1].csv',
  ]);
});

it('takes a file once, by whatever ways and links it is named', async () => {
  const linked = join(folder.path, 'second-name.csv');
  await symlink(local('a.csv'), linked);
  expect(await find(local('a.csv'), `${folder.path}/in/day=1/../a.csv`, linked)).toEqual(['a.csv']);
  expect(await find(linked, local('*.csv'))).toEqual([linked, 'b.csv', 'd[1].csv']);
});

it('takes all files of a folder, without the notes of other tools', async () => {
  expect(await find(join(folder.path, 'in'))).toEqual(['a.csv', 'b.csv', 'd[1].csv', 'day=1/part-0']);
});

it.each(['', ' '])(
  'refuses the path %j by its value, which a variable that was never set leaves',
  async (path) => {
    await expect(find(local('a.csv'), path)).rejects.toBeInstanceOf(UsageError);
    await expect(find(path)).rejects.toThrow(`${JSON.stringify(path)} among the files names none`);
  },
);

it('takes the files that a glob matches', async () => {
  expect(await find(local('*.csv'))).toEqual(['a.csv', 'b.csv', 'd[1].csv']);
  expect(await find(local('{a,b}.csv'), local('*/part-*'))).toEqual(['a.csv', 'b.csv', 'day=1/part-0']);
});

it('follows links to files, and leaves no other link out without a word', async () => {
  const linked = join(folder.path, 'linked');
  await mkdir(join(linked, 'more'), { recursive: true });
  await symlink(local('a.csv'), join(linked, 'latest.csv'));
  expect(await find(linked)).toEqual([join(linked, 'latest.csv')]);
  expect(await find(join(linked, '*.csv'))).toEqual([join(linked, 'latest.csv')]);
  await symlink(join(linked, 'gone'), join(linked, 'more', 'nowhere.csv'));
  for (const path of [linked, join(linked, '*/*.csv')]) {
    await expect(withInput([path], () => 0)).rejects.toThrow('nowhere.csv does not exist');
  }
  await rm(join(linked, 'more', 'nowhere.csv'));
  await symlink(join(folder.path, 'in'), join(linked, 'more', 'elsewhere'));
  await expect(withInput([linked], () => 0)).rejects.toThrow('elsewhere is a directory, not a regular file');
});

it('leaves a name that is neither there nor a pattern to be reported when it is opened', async () => {
  expect(await find(local('none.csv'))).toEqual(['none.csv']);
});

it('fetches an object, or what lies below a prefix, and says so', async () => {
  fetched.length = 0;
  expect(await find('s3://s/x/day/a.csv')).toEqual(['s3://s/x/day/a.csv']);
  expect(fetched).toEqual(['s3://s/x/day/a.csv 18']);
  expect(await find('s3://s/x/day', 's3://s/x/day/a.csv')).toEqual([
    's3://s/x/day/a.csv',
    's3://s/x/day/b.gz',
  ]);
  expect(await find('s3://s/x/*/?.csv')).toEqual(['s3://s/x/day/a.csv', 's3://s/x/day-old/c.csv']);
  await expect(find('s3://s/x/da')).rejects.toThrow('no object is named s3://s/x/da, or lies below it');
});

it('keeps what it fetches apart, with the time that the store gives', async () => {
  const openRemoteFiles = async () => bucket(['one', 'two']);
  const finding = { folder: folder.path, openRemoteFiles, onFetch: () => undefined, signal: never };
  const found = await findFiles(['s3://s/one', 's3://s/two'], finding);
  expect(found.map(({ modifiedAt }) => modifiedAt)).toEqual([5, 5]);
  const contents = await Promise.all(found.map(({ localPath }) => readFile(localPath, 'utf8')));
  expect(contents).toEqual(['s3://s/one', 's3://s/two']);
});
