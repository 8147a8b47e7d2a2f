import { beforeEach, describe, expect, it } from 'vitest';
import { HeldError, PointerRejectedError, QuarantinedError, UsageError } from '../../src/domain/errors.ts';
import { encodePointer } from '../../src/pointer/codec.ts';
import { signed, type PointerSigning } from '../../src/pointer/signature.ts';
import { prune } from '../../src/publishing/prune.ts';
import { status } from '../../src/publishing/status.ts';
import { believing, signingPair } from '../support/signing-keys.ts';
import { never } from './fixtures.ts';
import { useHome } from './use-home.ts';

const home = useHome();
const { live, loadDay, publishDay, activateVersion, goBack, letGo, blockIds, placement } = home;
const ours = signingPair();
const theirs = signingPair();
const sign = (signing: PointerSigning | undefined) => void Object.assign(home.publisher, { signing });
const put = (text: string) => home.publisher.pointers.put(placement, text);
const signedBy = async () => (await live()).signature?.keyId;
const [ourId] = ours.keys.keys();
const [theirId] = theirs.keys.keys();

beforeEach(() => sign({ ...ours.signing, keys: ours.keys }));

describe('a publisher with a key', () => {
  it('signs whatever it writes', async () => {
    const first = await publishDay(0);
    await publishDay(1);
    expect(await signedBy()).toBe(ourId);
    for (const command of [() => blockIds('product-1'), () => goBack(first), () => letGo()]) {
      const { epoch } = await live();
      await command();
      expect(await live()).toMatchObject({ epoch: epoch + 1, signature: { keyId: ourId } });
    }
    const [told] = await status(home.publisher, { placement }, never);
    expect(told).toMatchObject({ pointer: 'pointer', signedBy: ourId });
  });

  it('leaves no signature of another epoch behind where it has no key any more', async () => {
    await publishDay(0);
    sign(undefined);
    await blockIds('product-1');
    expect(await live()).not.toHaveProperty('signature');
  });

  it('refuses before anything is loaded to write what servers would refuse', async () => {
    sign({ keys: ours.keys });
    await expect(publishDay(0)).rejects.toBeInstanceOf(UsageError);
    expect(await home.publisher.tables.list('', never)).toEqual([]);
    sign({ ...theirs.signing, keys: ours.keys });
    await expect(publishDay(0)).rejects.toThrow('servers would refuse');
  });

  it('needs no key to look', async () => {
    const version = await publishDay(0);
    sign({ keys: ours.keys });
    expect(await status(home.publisher, { placement }, never)).toMatchObject([{ version }]);
  });
});

describe('a pointer that nobody signed whom the publisher believes', () => {
  let versions: string[];
  beforeEach(async () => {
    versions = [await publishDay(0), await publishDay(1)];
    await blockIds('product-1');
  });
  const forgeries: [what: string, forge: () => Promise<string>][] = [
    [
      'an unsigned pointer',
      async () => encodePointer(signed({ ...(await live()), epoch: 900, blocked: [] })),
    ],
    [
      'a pointer of somebody else',
      async () => encodePointer(signed({ ...(await live()), epoch: 900, blocked: [] }, theirs.signing)),
    ],
    ['a bare table name', async () => `topshelf-home-${versions[0]}`],
  ];

  it.each(forgeries)('is nothing to roll back from, to block in or to prune by: %s', async (_, forge) => {
    put(await forge());
    const request = { placement, keepVersions: 2, minAgeMs: 0, graceMs: 0, isConfirmed: true };
    await expect(goBack()).rejects.toBeInstanceOf(PointerRejectedError);
    await expect(blockIds('product-2')).rejects.toBeInstanceOf(PointerRejectedError);
    await expect(prune(home.publisher, request, never)).rejects.toBeInstanceOf(PointerRejectedError);
  });

  it.each(forgeries)('says nothing about what may go live, the records do: %s', async (_, forge) => {
    put(await forge());
    const result = await activateVersion(await loadDay(2));
    expect(result).toMatchObject({ epoch: 4, changed: true });
    expect(result.warnings[0]).toMatch(/signature|signed/);
    expect(await live()).toMatchObject({ blocked: ['product-1'], signature: { keyId: ourId } });
  });

  it.each(forgeries)('ends no hold and no quarantine: %s', async (_, forge) => {
    const bad = versions[1] ?? '';
    await goBack();
    put(await forge());
    await expect(activateVersion(await loadDay(2))).rejects.toBeInstanceOf(HeldError);
    // Nor does it take one: a release brings back what is on record.
    expect(await letGo()).toMatchObject({ version: versions[0], epoch: 5 });
    put(await forge());
    await expect(activateVersion(bad)).rejects.toBeInstanceOf(QuarantinedError);
  });
});

describe('the version that is live, activated again', () => {
  it('gets the signature of the new key, under a hold too, and is left alone once it has it', async () => {
    await publishDay(0);
    await publishDay(1);
    await goBack();
    const { version, epoch, hold, blocked } = await live();
    sign({ ...theirs.signing, keys: believing(ours, theirs) });
    expect(await activateVersion(version)).toMatchObject({ version, epoch: epoch + 1, changed: true });
    expect(await live()).toMatchObject({ version, hold, blocked, signature: { keyId: theirId } });
    expect(await activateVersion(version)).toMatchObject({ epoch: epoch + 1, changed: false });
  });

  it('is signed for the first time by a publisher that believes unsigned ones still', async () => {
    sign(undefined);
    const version = await publishDay(0);
    sign(ours.signing);
    expect(await activateVersion(version)).toMatchObject({ version, changed: true });
    expect(await signedBy()).toBe(ourId);
  });
});
