/**
 * The validator of an answer. Of a sealed version's it is made of what all of them share and the user's hash. Where that
 * does not do, topshelf hashes the text with crypto.hash and SHA-1: it only has to tell texts apart. Rejected: createHash,
 * which makes an object for each; SHA-256, whose header is half as long again; MD5, which FIPS builds of OpenSSL refuse;
 * FNV-1a in JavaScript, whose 32 bits meet again among some ten thousand answers.
 */
import { createHash, hash } from 'node:crypto';
import { bench, do_not_optimize, run, summary } from 'mitata';
import { decodeItems } from '../src/domain/prediction.ts';
import { textValidator, userValidator } from '../src/serving/validator.ts';
import { cycle, storedItems } from './support.ts';

const bodies = Array.from({ length: 1000 }, (_, user) =>
  JSON.stringify({
    userId: String(10_000 + user),
    placement: 'home',
    version: '20261121T031500Z-3f9a1c',
    source: 'personalized',
    recommendations: decodeItems(storedItems(user)).slice(0, 5),
  }),
);
const next = cycle(bodies);
const nextUser = cycle(bodies.map((_, user) => String(10_000 + user)));
const TAG = 'v'.repeat(16);

function fnv1a(text: string): string {
  let bits = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) bits = Math.imul(bits ^ text.charCodeAt(at), 0x01000193);
  return (bits >>> 0).toString(36);
}

summary(() => {
  bench('topshelf: of version and user', () => do_not_optimize(userValidator(TAG, nextUser())));
  bench('topshelf: of the text, crypto.hash with SHA-1', () => do_not_optimize(textValidator(next())));
  bench('createHash, SHA-1', () => do_not_optimize(createHash('sha1').update(next()).digest('base64url')));
  bench('crypto.hash, SHA-256', () => do_not_optimize(hash('sha256', next(), 'base64url')));
  bench('crypto.hash, MD5', () => do_not_optimize(hash('md5', next(), 'base64url')));
  bench('FNV-1a', () => do_not_optimize(fnv1a(next())));
});

await run();
