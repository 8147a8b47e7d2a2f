import type { Random } from '../../load-tests/draw.ts';
import type { PointerRejection } from '../../src/domain/errors.ts';
import { MAX_POINTER_BYTES, type Pointer } from '../../src/domain/pointer.ts';
import { isTableName } from '../../src/domain/version.ts';
import { encodePointer } from '../../src/pointer/codec.ts';
import type { PointerSigning } from '../../src/pointer/signature.ts';

export interface Attacker {
  readonly seed: number;
  /** What would be adopted as it stands: each attack changes one thing about it, and no more than it must. */
  readonly bait: Pointer;
  /** What is served: attacks put older ones back. */
  readonly served: Pointer;
  /** How `bait` would have to be signed to be believed; left out where pointers are not signed. */
  readonly signing?: PointerSigning;
}

/** Makes one object, and says why it may be refused. */
export type Attack = (parts: Parts) => { text: string | Uint8Array; reasons: readonly PointerRejection[] };

export interface Parts extends Attacker {
  readonly random: Random;
  readonly pick: <T>(list: readonly T[]) => T;
  /** From 0 to below `end`. */
  readonly below: (end: number) => number;
  /** The bait as text, with changes whose checksum (and signature, for what somebody could replay) is right. */
  readonly forged: (changes: Readonly<Record<string, unknown>>) => string;
  readonly baitText: string;
  readonly jsonValues: readonly unknown[];
}

/** The reasons of content whose form is broken in a way that several checks could be first to see. */
const BROKEN: readonly PointerRejection[] = [
  ...(['malformed', 'unknown-schema', 'bad-table-name', 'wrong-placement', 'bad-checksum'] as const),
  ...(['unsigned', 'bad-signature', 'epoch-not-higher', 'seal-mismatch', 'table-missing'] as const),
];
const MALFORMED = ['malformed'] as const;
const ARNS = [
  'arn:aws:dynamodb:eu-west-1:123456789012:table/theirs',
  'arn:aws-cn:dynamodb:cn-north-1:123456789012:table/topshelf-home',
  'arn:aws:dynamodb:us-east-1:123456789012:table/t/index/i',
  'https://dynamodb.example.com/table',
  '../../other-account/table',
];
/** Other texts that people, or careless code, take for the same. */
function lookAlikes(text: string): string[] {
  const all = [
    text.replace('o', '\u043e'), // Cyrillic
    text.replace('e', '\uff45'), // full width
    `${text}\u200b`, // no width
    `\u202e${text}`, // written from the right
    `${text}\u0000`,
    `${text}\n`,
    ` ${text}`,
    text.replace('-', '\u2010'),
    text.replace('e', 'e\u0301'),
    `${text}\ud800`, // half a character
  ];
  return all.filter((each) => each !== text);
}

/** By name: what nobody may get adopted, whoever signs it. */
export const attacks: Readonly<Record<string, Attack>> = {
  'an ARN for a table': ({ forged, pick }) => ({
    text: forged({ table: pick(ARNS) }),
    reasons: ['bad-table-name'],
  }),
  'an ARN as a bare name': ({ pick, below }) => ({
    text: `${pick(ARNS)}${' '.repeat(below(3))}`,
    reasons: MALFORMED,
  }),
  'a prototype key': ({ baitText, pick }) => ({
    text: baitText.replace(
      '{',
      pick([
        '{"__proto__":{"epoch":7},',
        '{"constructor":{"prototype":{"table":"x"}},',
        '{"\\u005f_proto__":null,',
        '{"toString":"x",',
        '{"prototype":{"hold":null},',
      ]),
    ),
    reasons: MALFORMED,
  }),
  'a prototype key inside': ({ forged, pick }) => ({
    text: forged({ hold: '$' }).replace(
      '"$"',
      pick(['{"__proto__":{"since":"2026-11-21T00:00:00Z"}}', '{"constructor":null}', '{"__proto__":null}']),
    ),
    reasons: MALFORMED,
  }),
  'more bytes than a pointer may have': ({ forged, baitText, pick, below }) => ({
    text: pick([
      () => baitText + ' '.repeat(MAX_POINTER_BYTES + below(1000)),
      () => forged({ reason: 'x'.repeat(MAX_POINTER_BYTES + below(1000)) }),
      () => forged({ blocked: Array.from({ length: 9000 }, (_, at) => `p${at}`) }),
    ])(),
    reasons: ['too-large'],
  }),
  'a list or text past its limit': ({ forged, bait, pick, below }) => ({
    text: forged(
      pick<() => object>([
        () => ({ reason: 'x'.repeat(1001 + below(100)) }),
        () => ({ blocked: Array.from({ length: 201 + below(50) }, (_, at) => `p${at}`) }),
        () => ({ retired: Array.from({ length: 21 + below(10) }, () => bait.version) }),
        () => ({ popular: Array.from({ length: 21 + below(10) }, (_, at) => [`p${at}`, 0.5]) }),
        () => ({ blocked: ['x'.repeat(129 + below(50))] }),
      ])() as Record<string, unknown>,
    ),
    reasons: MALFORMED,
  }),
  'deep nesting': ({ forged, pick, below }) => {
    const depth = 10 + below(5000);
    const [open, close] = pick([
      ['{"a":', '}'],
      ['[', ']'],
    ] as const);
    const nested = `${open.repeat(depth)}1${close.repeat(depth)}`;
    return {
      text: pick([nested, forged({ hold: '$' }).replace('"$"', nested)]),
      reasons: MALFORMED,
    };
  },
  'the pointer of another placement': ({ forged, pick }) => ({
    text: forged({ placement: pick(['cart', 'home_2', 'hom', 'staging_home']) }),
    reasons: ['wrong-placement'],
  }),
  'an older pointer': ({ forged, served, below }) => ({
    text: forged({ epoch: below(served.epoch + 1) }),
    reasons: ['epoch-not-higher'],
  }),
  'the epoch that is served, with other content': ({ forged, served, random }) => ({
    text: forged({ epoch: served.epoch, blocked: [`p${random()}`] }),
    reasons: ['epoch-not-higher'],
  }),
  'a value of another type': ({ forged, bait, jsonValues, pick }) => {
    const field = pick(Object.keys(bait).filter((key) => key !== 'signature'));
    const value = pick(jsonValues);
    const text = forged({ [field]: value });
    // An honest pointer says this as well, or only its author could tell.
    const harmless = ['activatedBy', 'reason', 'writeId', 'popular', 'generatedAt', 'activatedAt'];
    const isTable = field === 'table' && typeof value === 'string' && isTableName(value);
    const isValid = harmless.includes(field) && ['string', 'object'].includes(typeof value);
    const isSame = JSON.stringify(value) === JSON.stringify(bait[field as keyof Pointer]);
    const isEmptyList =
      Array.isArray(value) && ['blocked', 'retired', 'quarantined', 'popular'].includes(field);
    const isNull = value === null && ['hold', 'override'].includes(field);
    const broken = isValid || isTable || isSame || isEmptyList || isNull ? forged({ [field]: [[{}]] }) : text;
    return { text: broken, reasons: BROKEN };
  },
  'valid JSON that is no pointer': ({ jsonValues, pick }) => ({
    text: JSON.stringify(pick(jsonValues)).replace(/^([A-Za-z0-9_.-]+)$/, '[$1]'),
    reasons: ['malformed', 'unknown-schema'],
  }),
  'a name that looks like another': ({ forged, bait, pick }) => {
    const field = pick(['table', 'placement', 'version'] as const);
    return {
      text: forged({ [field]: pick(lookAlikes(bait[field])) }),
      reasons: ['malformed', 'bad-table-name'],
    };
  },
  'a product that cannot be one': ({ forged, pick }) => ({
    text: forged({ blocked: [pick(['', 'a\u0000', '\ud800', 'a\u009f', '\r\n'])] }),
    reasons: MALFORMED,
  }),
  'a duplicated key': ({ baitText, pick, below }) => ({
    text: baitText.replace(
      /\n\}\s*$/,
      `,\n${pick([`"epoch":${100 + below(1e6)}`, '"table":"theirs"', '"blocked":["p1"]', '"placement":"cart"'])}}`,
    ),
    reasons: ['bad-checksum', 'wrong-placement'],
  }),
  'a number past what is whole': ({ forged, pick }) => ({
    text: forged({ epoch: pick([2 ** 53, 2 ** 53 + 2, 1e21, 1e308, -1, 6.5, -(2 ** 53)]) }),
    reasons: MALFORMED,
  }),
  'a number that is none': ({ baitText, pick }) => ({
    text: baitText.replace(
      /"epoch": \d+/,
      `"epoch": ${pick(['NaN', 'Infinity', '-Infinity', '0x6', '06', '+6', '.6', '1e999', '6n', 'undefined', '"6"', '6_0'])}`,
    ),
    reasons: MALFORMED,
  }),
  'JSON as other languages write it': ({ baitText, pick }) => ({
    text: pick([
      baitText.replaceAll('"', "'"),
      `// pointer\n${baitText}`,
      baitText.replace(/\n\}\s*$/, ',\n}'),
      `${baitText}${baitText}`,
      `)]}',\n${baitText}`,
      baitText.replace('"epoch"', 'epoch'),
    ]),
    reasons: MALFORMED,
  }),
  'a pointer cut short': ({ baitText, below }) => ({
    text: baitText.slice(0, 1 + below(baitText.trimEnd().length - 1)),
    reasons: MALFORMED,
  }),
  'flipped bits': (parts) => ({ text: flipped(parts), reasons: [...BROKEN, 'unsealed', 'too-large'] }),
  'another checksum': ({ baitText, pick, random }) => {
    const hex = Array.from({ length: 64 }, () => Math.floor(random() * 16).toString(16)).join('');
    const checksum = pick([`sha256:${hex}`, hex, '', `md5:${hex.slice(32)}`, `SHA256:${hex}`]);
    return {
      text: baitText.replace(/"checksum": "[^"]*"/, `"checksum": "${checksum}"`),
      reasons: ['bad-checksum'],
    };
  },
  'a field changed under its old checksum': ({ baitText, below, pick }) => ({
    text: pick([
      baitText.replace(/"epoch": \d+/, `"epoch": ${100 + below(1e9)}`),
      baitText.replace(/"table": "[^"]*"/, `"table": "theirs-${below(1e9)}"`),
      baitText.replace(/"contentHash": "sha256:./, '"contentHash": "sha256:f'),
      baitText.replace(/"reason": "[^"]*"/, `"reason": "${below(1e9)}"`),
    ]),
    reasons: ['bad-checksum'],
  }),
  'any bytes': ({ below }) => ({ text: noise(below), reasons: MALFORMED }),
  'another encoding': ({ baitText, pick }) => ({
    text: pick([
      Buffer.from(baitText, 'utf16le'),
      Buffer.from(`\ufeff${baitText}`, 'utf16le'),
      Buffer.from(Buffer.from(baitText).toString('base64')),
      Buffer.concat([Buffer.from([0xc0, 0xa2]), Buffer.from(baitText)]), // an overlong quote
      Buffer.concat([Buffer.from(baitText), Buffer.from([0xed, 0xa0, 0x80])]), // half a surrogate pair
    ]),
    reasons: MALFORMED,
  }),
  'a later schema': ({ forged, pick }) => ({
    text: forged({ schemaVersion: pick([0, 2, '1', 1.5, null, [1], true]) }),
    reasons: ['unknown-schema'],
  }),
  'a signature that is none': ({ baitText, jsonValues, pick }) => ({
    text: baitText
      .replace(/,\s*"signature": \{[^}]*\}/, '')
      .replace('{', `{"signature":${JSON.stringify(pick(jsonValues))},`),
    reasons: MALFORMED,
  }),
  'a table that is missing, not sealed or of another placement': ({ forged, pick, below }) => {
    const [prefix, reason] = pick([
      ['missing', 'table-missing'],
      ['unsealed', 'unsealed'],
      ['cart', 'seal-mismatch'],
    ] as const);
    return { text: forged({ table: `${prefix}-${below(1e9)}` }), reasons: [reason] };
  },
  'a version that the seal does not know': ({ forged, below, pick }) => ({
    text: forged(
      pick<Record<string, unknown>>([
        {
          version: `20261121T000000Z-${below(1 << 24)
            .toString(16)
            .padStart(6, '0')}`,
        },
        { contentHash: `sha256:${below(1e9).toString(16).padStart(64, 'e')}` },
      ]),
    ),
    reasons: ['seal-mismatch'],
  }),
};

/** The bait with one to eight bits turned, where that says anything else. */
function flipped({ baitText, below, bait }: Parts): Uint8Array {
  const meant = JSON.stringify(JSON.parse(encodePointer(bait)));
  for (;;) {
    const bytes = Buffer.from(baitText);
    for (let flips = 1 + below(8); flips > 0; flips--) {
      const at = below(bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8));
    }
    if (saysSomethingElse(bytes, meant)) return bytes;
  }
}

function saysSomethingElse(bytes: Buffer, meant: string): boolean {
  try {
    return JSON.stringify(JSON.parse(bytes.toString())) !== meant;
  } catch {
    return true;
  }
}

function noise(below: (end: number) => number): Uint8Array {
  for (;;) {
    const bytes = Buffer.from(Array.from({ length: below(200) }, () => below(256)));
    if (!isTableName(bytes.toString().trim())) return bytes;
  }
}
