import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { shown } from '../domain/ids.ts';
import { sendProblem } from '../http/problems.ts';

/** Addresses that mean "everywhere" to who listens, and are nobody's name. */
const WILDCARDS = ['0.0.0.0', '[::]'];
/** Names that no stranger's DNS can point here. */
const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];
const HOST = /^([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i;

/** What the browser may do with the page: nothing from elsewhere, nothing written into the page, no frame around it. */
const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
} as const;

/**
 * Answers under the names it is meant to have only: a page from elsewhere, whose name was made to lead to this address
 * (DNS rebinding), gets nothing.
 */
export function guardHosts(app: FastifyInstance, hosts: readonly string[]): void {
  const named = hosts.map((host) => bracketed(host).toLowerCase());
  const allowed = new Set([...LOOPBACK, ...named.filter((name) => !WILDCARDS.includes(name))]);
  app.addHook('onRequest', (request, reply, done) => {
    void reply.headers(HEADERS);
    const { host = '' } = request.headers;
    const name = HOST.exec(host)?.[1]?.toLowerCase();
    if (name !== undefined && allowed.has(name)) {
      done();
      return;
    }
    void sendProblem(reply, {
      status: 421,
      title: 'Not the name of this console',
      detail:
        `the Host header is ${shown(host)}; the console answers as ${[...allowed].join(', ')}. ` +
        'TOPSHELF_CONSOLE_ALLOWED_HOSTS takes further names.',
    });
  });
}

/** A hook that lets requests with the bearer token pass, and answers all others with 401. */
export function requireToken(token: string) {
  const expected = digest(token);
  return (request: FastifyRequest, reply: FastifyReply, done: () => void): void => {
    const { authorization } = request.headers;
    const given = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
    // Digests are of one length, and their comparison takes the same time wherever they differ.
    if (given !== undefined && timingSafeEqual(digest(given), expected)) {
      done();
      return;
    }
    void sendProblem(reply.header('www-authenticate', 'Bearer realm="topshelf console"'), {
      status: 401,
      title: 'Token needed',
      detail:
        given === undefined
          ? 'this needs the header "Authorization: Bearer …" with the console’s token'
          : 'the token is not the console’s; it was printed when the console started, or is its TOPSHELF_CONSOLE_TOKEN',
    });
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** An IPv6 address as a Host header has it. */
function bracketed(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}
