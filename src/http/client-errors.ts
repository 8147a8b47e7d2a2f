import type { FastifyReply } from 'fastify';
import { STATUS_CODES, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { problemBody, PROBLEM_TYPE, problems, sendProblem, type Problem } from './problems.ts';

// Fastify logs what it refuses before it knows the route, with the bytes that came in: they may hold a user id. These
// two take its place and log nothing.

/** Answers a request whose path matches no route because of what it is, rather than where it leads. */
export function onUnroutable(error: Error & { statusCode?: number }, reply: FastifyReply): FastifyReply {
  const { statusCode = 400 } = error;
  const problem =
    statusCode === 414
      ? problems.refused(414, 'a part of the path is too long')
      : problems.badRequest('the path is not valid percent-encoding');
  return sendProblem(reply, problem);
}

/** Answers bytes that are no HTTP request, or only part of one, and ends the connection. */
export function onClientError(error: Error & { code?: string }, socket: Socket): void {
  if (error.code !== 'ECONNRESET' && socket.writable) {
    const { status, ...rest } = clientProblem(error.code);
    const body = problemBody({ status, ...rest });
    socket.write(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
        `Content-Type: ${PROBLEM_TYPE}\r\nConnection: close\r\n\r\n${body}`,
    );
  }
  socket.destroy(error);
}

/** Answers as if there were no Expect header but `100-continue`: Node would say 417 to all others, with no body. */
export function ignoreExpectations(server: Server): void {
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
}

function clientProblem(code: string | undefined): Problem {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return problems.refused(408, 'the request did not arrive in time');
  if (code === 'HPE_HEADER_OVERFLOW')
    return problems.refused(431, 'the request line and headers are too long');
  return problems.badRequest('what was sent is not an HTTP request');
}
