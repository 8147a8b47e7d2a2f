import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';

const DAG = resolve(import.meta.dirname, '../../deploy/airflow/topshelf_publish.py');

it('Python takes the DAG for Airflow', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'topshelf-dag-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const compile = ['-X', `pycache_prefix=${folder}`, '-W', 'error', '-m', 'py_compile', DAG];
  const { stderr } = await promisify(execFile)('python3', compile);
  expect(stderr).toBe('');
});
