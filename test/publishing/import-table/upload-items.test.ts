import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createMemoryArchive } from '../../../src/archive/memory.ts';
import { uploadItems } from '../../../src/publishing/import-table/upload-items.ts';
import { never } from '../fixtures.ts';

const predictions = Array.from({ length: 1_000 }, (_, at) => ({
  userId: `ü"${String(at).padStart(4, '0')}`,
  items: JSON.stringify([[`p\\${at}`, 0.5]]),
}));

async function* all() {
  yield* predictions;
}

async function uploadedTo(archive: ReturnType<typeof createMemoryArchive>) {
  const keys = await archive.list('home/v1/', never);
  const texts = await Promise.all(
    keys.map(async (key) => gunzipSync((await archive.get(key, never)) ?? '').toString()),
  );
  const lines = texts.flatMap((text) => text.trimEnd().split('\n'));
  const items = lines.map(
    (line) => (JSON.parse(line) as { Item: { userId: { S: string }; items: { S: string } } }).Item,
  );
  return { keys, predictions: items.map(({ userId, items }) => ({ userId: userId.S, items: items.S })) };
}

describe('an upload of items', () => {
  it('is cut into objects of bounded size that hold every prediction once, in order', async () => {
    const archive = createMemoryArchive();
    const seen: number[] = [];
    expect(await uploadItems(archive, 'home/v1', all(), (items) => seen.push(items), never, 20_000)).toBe(
      1_000,
    );
    const uploaded = await uploadedTo(archive);
    expect(uploaded.keys.length).toBeGreaterThan(3);
    expect(uploaded.keys[0]).toBe('home/v1/part-00001.json.gz');
    expect(seen).toHaveLength(uploaded.keys.length);
    expect(uploaded.predictions).toEqual(predictions);
  });

  it('leaves objects of an earlier process as they are and completes them', async () => {
    const archive = createMemoryArchive();
    let left = 2;
    const dying = {
      async putOnce(key: string, body: Uint8Array | string) {
        if (left-- === 0) throw new Error('killed');
        return archive.putOnce(key, body, never);
      },
    };
    await expect(uploadItems(dying, 'home/v1', all(), () => undefined, never, 20_000)).rejects.toThrow(
      'killed',
    );
    await uploadItems(archive, 'home/v1', all(), () => undefined, never, 20_000);
    expect((await uploadedTo(archive)).predictions).toEqual(predictions);
  });

  it('of nothing is nothing', async () => {
    const archive = createMemoryArchive();
    const none = async function* () {
      yield* [];
    };
    expect(await uploadItems(archive, 'home/v1', none(), () => undefined, never)).toBe(0);
    expect(await archive.list('', never)).toEqual([]);
  });
});
