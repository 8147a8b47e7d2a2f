import * as z from 'zod';
import type { Archive } from '../archive/archive.ts';
import { manifestKey } from './archive-keys.ts';

const count = z.int().min(0);

const rejectedRow = z.object({
  file: z.string(),
  record: count,
  line: count.optional(),
  reason: z.string(),
  text: z.string(),
});

/** The proof of a load, as kept in the archive: what went in, what came of it, how that was shown. */
const manifestSchema = z.object({
  schemaVersion: z.literal(1),
  placement: z.string(),
  version: z.string(),
  table: z.string(),
  /** ISO 8601, when the load ended. */
  createdAt: z.string(),
  createdBy: z.string(),
  /** What the run was named, and how its items came into the table; not in the oldest manifests. */
  runId: z.string().optional(),
  engine: z.enum(['batch-write', 'import-table']).optional(),
  generatedAt: z.string(),
  /** Whether the rows said when they were generated, or only the files' times do. */
  generatedAtFrom: z.enum(['rows', 'file']),
  files: z.array(
    z.object({ path: z.string(), bytes: count, sha256: z.string(), compression: z.enum(['gzip', 'none']) }),
  ),
  rows: count,
  /** Bad rows, which were left out, and the first of them. */
  rejected: count,
  rejectedSamples: z.array(rejectedRow).readonly().default([]),
  duplicates: count,
  /** Rows kept, at most `keepPerUser` of each user. */
  kept: count,
  keepPerUser: count,
  users: count,
  contentHash: z.string(),
  timingsMs: z.object({ input: count, write: count, readBack: count }),
  readBack: z.object({ users: count, equal: z.literal(true) }),
});

export type Manifest = z.infer<typeof manifestSchema>;

/** Resolves with the manifest that is kept: an earlier process of the same run may have written its own. */
export async function writeManifest(
  archive: Archive,
  manifest: Manifest,
  signal: AbortSignal,
): Promise<Manifest> {
  const { placement, version } = manifest;
  const body = `${JSON.stringify(manifest, null, 2)}\n`;
  const outcome = await archive.putOnce(manifestKey(placement, version), body, signal);
  return outcome === 'written'
    ? manifest
    : ((await readManifest(archive, placement, version, signal)) ?? manifest);
}

/** The manifest of a version; null where there is none, or none that can be read: it informs, it decides nothing. */
export async function readManifest(
  archive: Archive,
  placement: string,
  version: string,
  signal: AbortSignal,
): Promise<Manifest | null> {
  const body = await archive.get(manifestKey(placement, version), signal);
  if (body === null) return null;
  try {
    return manifestSchema.parse(JSON.parse(Buffer.from(body).toString()));
  } catch {
    return null;
  }
}
