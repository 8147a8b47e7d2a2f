import { createHash } from 'node:crypto';
import * as z from 'zod';
import { messageOf, PointerRejectedError } from '../domain/errors.ts';
import { isPlacement, productIdFault, shown } from '../domain/ids.ts';
import {
  MAX_BLOCKED,
  MAX_LISTED,
  MAX_POINTER_BYTES,
  MAX_POPULAR,
  UNSEALED_HASH,
  type Pointer,
  type PointerContent,
} from '../domain/pointer.ts';
import { isTableName } from '../domain/version.ts';

const text = z.string().max(1000);
const time = z.iso.datetime({ offset: true });
// Looser than the versions that topshelf makes: tables of other tools go by their own names.
const version = z.string().refine(isTableName);
const productId = z.string().refine((id) => productIdFault(id) === undefined);
const contentHash = z.union([z.string().regex(/^sha256:[0-9a-f]{64}$/), z.literal(UNSEALED_HASH)]);

const pointerSchema = z.strictObject({
  schemaVersion: z.literal(1),
  placement: z.string().refine(isPlacement),
  epoch: z.int().min(0),
  writeId: z.string().min(1).max(100),
  version,
  table: z.string(),
  contentHash,
  generatedAt: time,
  activatedAt: time,
  activatedBy: text,
  reason: text,
  override: z.strictObject({ by: text, reason: text }).nullable(),
  hold: z.strictObject({ since: time, by: text, reason: text }).nullable(),
  quarantined: z
    .array(z.strictObject({ version, contentHash, at: time, by: text, reason: text }))
    .max(MAX_LISTED),
  retired: z.array(version).max(MAX_LISTED),
  blocked: z.array(productId).max(MAX_BLOCKED),
  popular: z.array(z.tuple([productId, z.number()])).max(MAX_POPULAR),
  // Ed25519 signatures have 64 bytes; whether this one is right, only those with keys can say.
  signature: z
    .strictObject({
      keyId: z.string().regex(/^[0-9a-f]{16}$/),
      value: z.string().regex(/^[A-Za-z0-9+/]{86}==$/),
    })
    .exactOptional(),
  checksum: z.string(),
}) satisfies z.ZodType<Pointer & { checksum: string }>;

/** Reads a pointer object, as `decodePointer` does; it may ask for more, such as a signature. */
export type DecodePointer = (content: Uint8Array, placement: string | undefined) => PointerContent;

/** The text of a pointer object: JSON for people to read, with a checksum over its canonical form. */
export function encodePointer({ signature, ...content }: Pointer): string {
  const checksum = checksumOf(content);
  return `${JSON.stringify({ ...content, checksum, signature }, null, 2)}\n`;
}

/**
 * What a pointer object of `placement` (undefined: of any) says. Its content is untrusted: throws
 * PointerRejectedError, with the reason, for anything but a valid pointer of this placement or a bare table name.
 */
export function decodePointer(content: Uint8Array, placement: string | undefined): PointerContent {
  if (content.byteLength > MAX_POINTER_BYTES) {
    throw new PointerRejectedError('too-large', `the pointer is over ${MAX_POINTER_BYTES} bytes`);
  }
  const trimmed = utf8(content).trim();
  return trimmed.startsWith('{') ? decodeJson(trimmed, placement) : decodeBareName(trimmed);
}

function utf8(content: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch (error) {
    throw new PointerRejectedError('malformed', 'the pointer is not UTF-8 text', { cause: error });
  }
}

function decodeBareName(table: string): PointerContent {
  if (!isTableName(table)) {
    throw new PointerRejectedError(
      'malformed',
      `the pointer is neither JSON nor a table name: ${shown(table)}`,
    );
  }
  return { kind: 'bare', table };
}

function decodeJson(json: string, placement: string | undefined): PointerContent {
  const value = parseJson(json);
  // Looked at before the rest, so that a later schema is told apart from a broken object.
  if (typeof value === 'object' && value !== null && 'schemaVersion' in value && value.schemaVersion !== 1) {
    throw new PointerRejectedError(
      'unknown-schema',
      `the pointer has schemaVersion ${shown(value.schemaVersion)}; this release reads 1`,
    );
  }
  const result = pointerSchema.safeParse(value);
  if (!result.success) {
    const issue = result.error.issues[0];
    const where = issue?.path.join('.') ?? '';
    throw new PointerRejectedError(
      'malformed',
      `the pointer's field "${where}" is not valid: ${issue?.message}`,
    );
  }
  const { checksum, ...pointer } = result.data;
  if (!isTableName(pointer.table)) {
    throw new PointerRejectedError(
      'bad-table-name',
      `the pointer names ${shown(pointer.table)} as its table`,
    );
  }
  if (placement !== undefined && pointer.placement !== placement) {
    throw new PointerRejectedError(
      'wrong-placement',
      `the pointer of placement ${placement} says it belongs to ${shown(pointer.placement)}`,
    );
  }
  const { signature: _, ...signable } = pointer;
  if (checksum !== checksumOf(signable)) {
    throw new PointerRejectedError('bad-checksum', 'the pointer was changed without its checksum');
  }
  return { kind: 'pointer', pointer, checksum };
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    throw new PointerRejectedError('malformed', `the pointer is not valid JSON: ${messageOf(error)}`);
  }
}

/** What checksum and signature are about: the pointer's JSON with sorted keys and no white space, without the two. */
export function canonicalText(pointer: Omit<Pointer, 'signature'>): string {
  return JSON.stringify(pointer, (_key, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}

function checksumOf(pointer: Omit<Pointer, 'signature'>): string {
  return `sha256:${createHash('sha256').update(canonicalText(pointer)).digest('hex')}`;
}
