import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openPublisherOf } from '../../src/cli/adapters.ts';
import { readPublisherConfig } from '../../src/config/config.ts';
import { publish } from '../../src/publishing/publish.ts';
import { release } from '../../src/publishing/release.ts';
import { openShop, recommend } from '../support/shop.ts';
import { batch, createFolder } from '../publishing/fixtures.ts';

it('keys as openssl makes them: a server follows what they signed, and nothing else', async () => {
  const shop = await openShop();
  const folder = await createFolder();
  const key = join(shop.root, 'signing-key.pem');
  const publicKey = join(shop.root, 'pointer-key.pem');
  execFileSync('openssl', ['genpkey', '-algorithm', 'ed25519', '-out', key]);
  execFileSync('openssl', ['pkey', '-in', key, '-pubout', '-out', publicKey]);
  const keys = { TOPSHELF_POINTER_KEYS: publicKey, TOPSHELF_SIGNING_KEY: key };
  const { connection } = shop.emulator;
  const signing = await openPublisherOf(readPublisherConfig({ ...shop.environment, ...keys }, connection));
  const { signal } = new AbortController();
  const day = async (seed: number) => ({
    placement: 'home',
    paths: [await folder.file(batch(8, seed))],
    reason: `day ${seed}`,
  });
  const quiet = () => undefined;
  const first = await publish(signing, await day(1), quiet, signal);

  const server = await shop.serve(keys);
  const versionNow = async () => (await recommend(server, 'user-1')).version;
  expect(await versionNow()).toBe(first.loaded.version);
  const second = await publish(shop.context, await day(2), quiet, signal);
  const rejections = async () =>
    /topshelf_pointer_rejections_total\{[^}]*reason="unsigned"[^}]*\} (\d+)/.exec(
      await (await fetch(`${server.ops}/metrics`)).text(),
    )?.[1];
  await expect.poll(rejections, { timeout: 10_000 }).toBe('1');
  expect(await versionNow()).toBe(first.loaded.version);

  const { version } = second.loaded;
  // What is on record is written again, with a signature.
  await release(signing, { placement: 'home', reason: 'it is ours' }, signal);
  await expect.poll(versionNow, { timeout: 10_000 }).toBe(version);
  await signing.close();
  await folder.remove();
});
