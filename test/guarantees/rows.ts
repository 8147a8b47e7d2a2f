import type { Row } from './row.ts';
import { OPERATING_ROWS } from './rows-operating.ts';
import { PUBLISHING_ROWS } from './rows-publishing.ts';
import { SERVING_ROWS } from './rows-serving.ts';

/** Every guarantee, in order. */
export const ROWS: readonly Row[] = [...PUBLISHING_ROWS, ...SERVING_ROWS, ...OPERATING_ROWS];

/** What makes tests try as often as a record needs; without these they take seconds. */
export const RECORD_SIZE: Readonly<Record<string, string>> = {
  TOPSHELF_TEST_RESPONSES: '1000000',
  TOPSHELF_TEST_SCHEDULES: '100000',
  TOPSHELF_TEST_MODEL: '50000',
  TOPSHELF_TEST_ADOPTIONS: '20',
  TOPSHELF_TEST_DELAYED: '1000',
  TOPSHELF_TEST_SWAPS: '50',
  TOPSHELF_TEST_CRASH_TRIES: '20',
  TOPSHELF_TEST_FAULT_SECONDS: '10',
  TOPSHELF_TEST_MARGIN_MS: '20',
  TOPSHELF_TEST_OUTAGE_SECONDS: '1800',
  TOPSHELF_TEST_LIVENESS_SECONDS: '600',
  TOPSHELF_TEST_HOSTILE_POINTERS: '1000000',
};
