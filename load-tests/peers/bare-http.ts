/** The least that an answer over Node's HTTP server costs: a constant, whatever was asked. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ANSWER, JSON_TYPE, tellAddress } from './answer.ts';

const headers = { 'content-type': JSON_TYPE, 'content-length': Buffer.byteLength(ANSWER) };
const server = createServer((_, response) => response.writeHead(200, headers).end(ANSWER));
server.listen(0, '127.0.0.1', () => {
  tellAddress(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
