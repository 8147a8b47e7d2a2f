import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Answer } from '../serving/answer.ts';

export const JSON_TYPE = 'application/json; charset=utf-8';
// A prediction is for one user, and must be asked for again after a swap; its validator makes that cheap.
const REVALIDATE = 'private, no-cache';

/**
 * Sends one user's answer, whose source is not `none`, past Fastify: its way to an answer that is ready costs more than all
 * that came before it.
 */
export function sendAnswer(request: IncomingMessage, response: ServerResponse, { body, etag }: Answer): void {
  if (etag !== undefined && matches(request.headers['if-none-match'], etag)) {
    response.writeHead(304, ['cache-control', REVALIDATE, 'etag', etag]).end();
    return;
  }
  const bytes = String(Buffer.byteLength(body));
  const headers =
    etag === undefined
      ? ['content-type', JSON_TYPE, 'content-length', bytes, 'cache-control', 'no-store']
      : ['content-type', JSON_TYPE, 'content-length', bytes, 'cache-control', REVALIDATE, 'etag', etag];
  response.writeHead(200, headers).end(body);
}

/** Whether an If-None-Match header names this validator (RFC 9110, 13.1.2: weak comparison). */
function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  if (header.trim() === '*') return true;
  return header.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
}
