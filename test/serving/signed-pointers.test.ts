import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { encodePointer } from '../../src/pointer/codec.ts';
import { decoderFor, signed } from '../../src/pointer/signature.ts';
import { createSavedPointers, readBootstrapPointers } from '../../src/serving/saved-pointers.ts';
import { believing, signingPair } from '../support/signing-keys.ts';
import { ask, openServing, poll } from '../support/serving.ts';
import { list, point, pointerTo, sealedTable, storeVersion } from '../support/versions.ts';

const ONE = { number: 1, users: { anna: list('a1', 'b1') } };
const TWO = { number: 2, users: { anna: list('a2', 'b2') } };
const ours = signingPair();
const theirs = signingPair();

/** A server that believes our key, with version 1 live at epoch 5 and version 2 in the store. */
async function serveSigned(keys = ours.keys) {
  const fixture = openServing({ decode: decoderFor(keys) });
  const one = await storeVersion(fixture.store, ONE);
  const two = await storeVersion(fixture.store, TWO);
  point(fixture.pointers, signed(pointerTo(one, 5), ours.signing));
  await fixture.serving.placements.start();
  const reasons = () => fixture.seen.rejections.map(({ reason }) => reason);
  return { ...fixture, one, two, reasons };
}

async function savedFolder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'topshelf-signed-'));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}

it('a server with keys follows signed pointers and stays on what it has for all others', async () => {
  const server = await serveSigned();
  const { two, pointers } = server;
  const seen: string[] = [];
  const expectKept = async (reason: string) => {
    await poll(server);
    expect(server.reasons().at(-1)).toBe(reason);
    seen.push(reason);
    expect(server.reasons()).toEqual(seen);
    expect(await ask(server, 'anna')).toMatchObject({ version: server.one.seal.version });
  };
  point(pointers, pointerTo(two, 6));
  await expectKept('unsigned');
  // Also where it would change the list of blocked products alone, which is adopted without a look at the table.
  point(pointers, pointerTo(server.one, 6, { blocked: ['a1'] }));
  await expectKept('unsigned');
  pointers.put('home', two.table);
  await expectKept('unsigned');
  point(pointers, signed(pointerTo(two, 6), theirs.signing));
  await expectKept('bad-signature');
  point(pointers, signed(pointerTo(two, 4), ours.signing));
  await expectKept('epoch-not-higher');

  point(pointers, signed(pointerTo(two, 6), ours.signing));
  await poll(server);
  expect(await ask(server, 'anna')).toMatchObject({ version: two.seal.version });
});

it('a server believes the new key beside the old one while keys are exchanged', async () => {
  const server = await serveSigned(believing(ours, theirs));
  point(server.pointers, signed(pointerTo(server.two, 6), theirs.signing));
  await poll(server);
  expect(await ask(server, 'anna')).toMatchObject({ version: server.two.seal.version });
});

it('a saved pointer keeps its signature, and is believed no more than one in the store', async () => {
  const folder = await savedFolder();
  const pointer = signed(pointerTo(sealedTable(ONE), 7), ours.signing);
  await createSavedPointers(folder, decoderFor(ours.keys)).save(pointer);
  expect(await createSavedPointers(folder, decoderFor(ours.keys)).load('home')).toMatchObject({ pointer });
  await expect(createSavedPointers(folder, decoderFor(theirs.keys)).load('home')).rejects.toThrow(
    /home\.json cannot be used: .*is signed with key/,
  );
  await writeFile(join(folder, 'home.json'), encodePointer(pointerTo(sealedTable(ONE), 7)));
  await expect(createSavedPointers(folder, decoderFor(ours.keys)).load('home')).rejects.toThrow(
    /has no signature/,
  );
});

it('a bootstrap pointer must be signed, too', async () => {
  const path = join(await savedFolder(), 'bootstrap.json');
  await writeFile(path, encodePointer(pointerTo(sealedTable(ONE), 7)));
  await expect(readBootstrapPointers([path], decoderFor(ours.keys))).rejects.toThrow(/has no signature/);
  await writeFile(path, encodePointer(signed(pointerTo(sealedTable(ONE), 7), ours.signing)));
  expect((await readBootstrapPointers([path], decoderFor(ours.keys))).has('home')).toBe(true);
});
