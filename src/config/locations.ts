import { fileURLToPath } from 'node:url';

/** Where pointers are kept. */
export type PointerLocation =
  | { readonly kind: 's3'; readonly bucket: string; readonly prefix: string }
  | { readonly kind: 'zookeeper'; readonly hosts: string; readonly root: string }
  | { readonly kind: 'file'; readonly root: string };

/** Where the publishers' records are kept. */
export type ArchiveLocation =
  | { readonly kind: 's3'; readonly bucket: string; readonly prefix: string }
  | { readonly kind: 'file'; readonly root: string };

const S3 = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/;
const ZOOKEEPER = /^zookeeper:\/\/([^/,\s]+(?:,[^/,\s]+)*)(\/\S*)?$/;

/** `s3://bucket/prefix`, `zookeeper://h1:2181,h2:2181/root` or `file:///path`; undefined where it is none of them. */
export function parsePointerLocation(text: string): PointerLocation | undefined {
  const zookeeper = ZOOKEEPER.exec(text);
  if (zookeeper?.[1] !== undefined) {
    return { kind: 'zookeeper', hosts: zookeeper[1], root: trimSlashes(zookeeper[2] ?? '/topshelf', '/') };
  }
  return parseArchiveLocation(text);
}

/** `s3://bucket/prefix` or `file:///path`; undefined where it is neither. */
export function parseArchiveLocation(text: string): ArchiveLocation | undefined {
  const s3 = S3.exec(text);
  if (s3?.[1] !== undefined) return { kind: 's3', bucket: s3[1], prefix: trimSlashes(s3[2] ?? '', '') };
  const root = text.startsWith('file:///') ? parseFileUrl(text) : undefined;
  return root === undefined ? undefined : { kind: 'file', root };
}

function parseFileUrl(text: string): string | undefined {
  // A URL ends its path at ? and #: part of the folder's name would be dropped without a word.
  if (/[?#]/.test(text)) return undefined;
  try {
    const path = fileURLToPath(text);
    return path.includes('\0') ? undefined : path;
  } catch {
    return undefined; // an encoded slash, or an encoding that is none
  }
}

function trimSlashes(path: string, leading: '' | '/'): string {
  const parts = path.split('/').filter((part) => part !== '');
  return parts.length === 0 ? leading : leading + parts.join('/');
}
