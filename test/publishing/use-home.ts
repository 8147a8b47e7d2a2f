import { afterAll, beforeAll, beforeEach } from 'vitest';
import { UnreachableError } from '../../src/domain/errors.ts';
import type { Pointer } from '../../src/domain/pointer.ts';
import { decodePointer } from '../../src/pointer/codec.ts';
import { activate } from '../../src/publishing/activate.ts';
import { readRecord, recordedEpochs } from '../../src/publishing/activation-records.ts';
import { block } from '../../src/publishing/block.ts';
import { load } from '../../src/publishing/load.ts';
import { publish } from '../../src/publishing/publish.ts';
import { release } from '../../src/publishing/release.ts';
import { rollback } from '../../src/publishing/rollback.ts';
import { batch, createFolder, createPublisher, never, type TestPublisher } from './fixtures.ts';

const placement = 'home';
const quiet = () => undefined;

/** A new publisher for each test, with the commands on one placement in few words, and five batches of different content. */
export function useHome() {
  let folder: Awaited<ReturnType<typeof createFolder>>;
  let publisher: TestPublisher;
  let days: string[];

  beforeAll(async () => {
    folder = await createFolder();
    days = await Promise.all([1, 2, 3, 4, 5].map((seed) => folder.file(batch(8, seed))));
  });
  afterAll(() => folder.remove());
  beforeEach(() => {
    publisher = createPublisher();
  });

  const request = (day: number) => ({ placement, paths: [days[day] ?? ''], reason: `day ${day}` });
  return {
    placement,
    request,
    get publisher() {
      return publisher;
    },
    get folder() {
      return folder;
    },
    /** Loads a day and returns its version. */
    loadDay: async (day: number) => (await load(publisher, request(day), quiet, never)).version,
    publishDay: async (day: number, override?: string) =>
      (await publish(publisher, { ...request(day), override }, quiet, never)).activated.version,
    activateVersion: (version: string) =>
      activate(publisher, { placement, version, reason: 'by hand' }, never),
    goBack: (to?: string) => rollback(publisher, { placement, reason: 'bad answers', to }, never),
    letGo: () => release(publisher, { placement, reason: 'fixed' }, never),
    blockIds: (...productIds: string[]) =>
      block(publisher, { placement, productIds, reason: 'recall' }, never),

    /** The pointer that is stored; throws where there is none of topshelf's own form. */
    live: async (): Promise<Pointer> => {
      const reading = await publisher.pointers.read(placement, never);
      if (reading.kind !== 'found') throw new Error('no pointer');
      const content = decodePointer(reading.content, placement);
      if (content.kind !== 'pointer') throw new Error('a bare name');
      return content.pointer;
    },

    /** Every activation record, newest first. */
    records: async () => {
      const epochs = await recordedEpochs(publisher.archive, placement, never);
      return Promise.all(epochs.map((epoch) => readRecord(publisher.archive, placement, epoch, never)));
    },

    /** Does something before the archive takes these keys; returns what ends that. */
    beforePuts: (when: (key: string) => boolean, act: () => Promise<unknown>): (() => void) => {
      const { archive } = publisher;
      const putOnce = archive.putOnce.bind(archive);
      archive.putOnce = async (key, body, signal) => {
        if (when(key)) await act();
        return putOnce(key, body, signal);
      };
      return () => void (archive.putOnce = putOnce);
    },

    /** Makes the archive refuse these keys; returns what ends that. */
    failPuts: (when: (key: string) => boolean): (() => void) => {
      const { archive } = publisher;
      const putOnce = archive.putOnce.bind(archive);
      archive.putOnce = async (key, body, signal) => {
        if (when(key)) throw new UnreachableError('the archive is away');
        return putOnce(key, body, signal);
      };
      return () => void (archive.putOnce = putOnce);
    },
  };
}
