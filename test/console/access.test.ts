import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createPublisher } from '../publishing/fixtures.ts';
import { openConsole, TOKEN } from '../support/test-console.ts';

const PAGE = join(import.meta.dirname, '../../src/console/page');
const scripts = readdirSync(PAGE).filter((name) => name.endsWith('.js'));
const PROTECTED = ['rollback', 'release', 'block', 'unblock', 'explain'];

describe('the token', () => {
  it.each(PROTECTED)('is needed for %s, as a bearer token and in no other way', async (action) => {
    const { app, log } = await openConsole(createPublisher());
    const url = `/api/placements/home/${action}`;
    const wrong = [
      {},
      { authorization: 'Bearer' },
      { authorization: `Basic ${TOKEN}` },
      { authorization: TOKEN },
      { authorization: `Bearer ${TOKEN}x` },
      { authorization: `Bearer ${TOKEN.slice(1)}` },
      { cookie: `token=${TOKEN}` },
    ];
    for (const headers of wrong) {
      const response = await app.inject({ method: 'POST', url, payload: {}, headers });
      expect([headers, response.statusCode]).toEqual([headers, 401]);
      expect(response.headers['www-authenticate']).toMatch(/^Bearer/);
      expect(response.headers['content-type']).toContain('application/problem+json');
    }
    const query = await app.inject({ method: 'POST', url: `${url}?token=${TOKEN}`, payload: {} });
    expect(query.statusCode).toBe(401);
    const headers = { authorization: `Bearer ${TOKEN}` };
    expect((await app.inject({ method: 'POST', url, payload: {}, headers })).statusCode).toBe(400);
    expect(JSON.stringify(log)).not.toContain(TOKEN);
  });

  it('can be tried before anything is done with it', async () => {
    const { app } = await openConsole(createPublisher());
    const status = async (token: string) =>
      (await app.inject({ url: '/api/token', headers: { authorization: `Bearer ${token}` } })).statusCode;
    expect([await status(TOKEN), await status('another')]).toEqual([204, 401]);
  });

  it('is not needed to look at what is live', async () => {
    const { look } = await openConsole(createPublisher());
    expect((await look('')).status).toBe(200);
  });
});

describe('the Host header', () => {
  const status = async (host: string, hosts: string[] = []) => {
    const { app } = await openConsole(createPublisher(), { hosts });
    const statuses = await Promise.all(
      ['/', '/api/placements', '/page/main.js'].map(
        async (url) => (await app.inject({ url, headers: { host } })).statusCode,
      ),
    );
    return [...new Set(statuses)];
  };

  it.each(['localhost', 'localhost:9465', 'LOCALHOST:1', '127.0.0.1:9465', '[::1]:9465'])(
    'may name loopback: %s',
    async (host) => {
      expect(await status(host)).toEqual([200]);
    },
  );

  it.each([
    ['evil.example'],
    ['localhost.evil.example'],
    ['evil@localhost'],
    ['127.0.0.1.nip.io:9465'],
    ['localhost, evil.example'],
  ])('may not name anything else, on the page or behind it: %s', async (host) => {
    expect(await status(host)).toEqual([421]);
  });

  it('may name what the console was told that it is called', async () => {
    expect(await status('console.shop.internal', ['console.shop.internal'])).toEqual([200]);
    expect(await status('[fd00::7]:9465', ['fd00::7'])).toEqual([200]);
  });

  it('may not name everywhere, where the console listens everywhere', async () => {
    expect(await status('0.0.0.0:9465', ['0.0.0.0'])).toEqual([421]);
    expect(await status('[::]:9465', ['::'])).toEqual([421]);
  });
});

describe('every answer', () => {
  it('forbids scripts and styles that are written into a page, frames around it, and anything from elsewhere', async () => {
    const { app } = await openConsole(createPublisher());
    for (const url of ['/', '/page/style.css', '/api/placements', '/nothing']) {
      const { headers } = await app.inject(url);
      const policy = String(headers['content-security-policy']);
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("script-src 'self';");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toContain('unsafe');
      expect(headers).toMatchObject({
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'cross-origin-resource-policy': 'same-origin',
      });
      expect(headers['set-cookie']).toBeUndefined();
      expect(headers['access-control-allow-origin']).toBeUndefined();
    }
  });

  it('is a problem document where there is nothing, or no sense in what came', async () => {
    const { app } = await openConsole(createPublisher());
    for (const [url, status] of [
      ['/nothing', 404],
      ['/page/tsconfig.json', 404],
      ['/page/..%2fconsole.ts', 404],
      ['/%zz', 400],
      ['/api/placements/Home/history', 400],
      ['/api/placements/home/history?count=0', 400],
    ] as const) {
      const response = await app.inject(url);
      expect([url, response.statusCode]).toEqual([url, status]);
      expect(response.headers['content-type']).toContain('application/problem+json');
    }
  });
});

describe('the page', () => {
  it('is served with the types that browsers insist on', async () => {
    const { app } = await openConsole(createPublisher());
    const type = async (url: string) => (await app.inject(url)).headers['content-type'];
    expect(await type('/')).toBe('text/html; charset=utf-8');
    for (const name of scripts) expect(await type(`/page/${name}`)).toBe('text/javascript; charset=utf-8');
    expect(await type('/page/style.css')).toBe('text/css; charset=utf-8');
  });

  it('needs nothing that it does not bring: no address outside, no inline script or style', () => {
    const html = readFileSync(join(PAGE, 'index.html'), 'utf8');
    expect(html.match(/(?:src|href)="[^"]*"/g)).toEqual([
      'href="/page/icon.svg"',
      'href="/page/style.css"',
      'src="/page/main.js"',
      'href="#details"',
    ]);
    expect(html).not.toMatch(/<style|\sstyle=|\son\w+=|<script[^>]*>[^<]/);
    expect(readFileSync(join(PAGE, 'style.css'), 'utf8')).not.toMatch(/url\(|@import/);
    for (const name of scripts) {
      const text = readFileSync(join(PAGE, name), 'utf8');
      const imported = [...text.matchAll(/^import .* from '(.*)';$/gm)].map(([, path]) => path ?? '');
      expect(imported.filter((path) => !scripts.includes(path.replace('./', '')))).toEqual([]);
      expect(text).not.toMatch(
        /innerHTML|outerHTML|insertAdjacentHTML|document\.write|localStorage|document\.cookie/,
      );
    }
  });
});
