import { createServer, type Server } from 'node:http';
import type { Client } from '../../src/client/client.ts';

export interface StorefrontOptions {
  readonly client: Pick<Client, 'recommend'>;
  /** Titles by product id. */
  readonly titles: ReadonlyMap<string, string>;
}

/** A shop with one page, `/?user=12347`: how a server of the shop's own asks topshelf. It does not listen yet. */
export function createStorefront({ client, titles }: StorefrontOptions): Server {
  async function render(user: string): Promise<string> {
    const { source, recommendations } = await client.recommend(user);
    const heading = source === 'personalized' || source === 'stale' ? 'For you' : 'Popular in the shop';
    const items = recommendations.map(({ productId }) => titles.get(productId) ?? productId);
    return `<!doctype html>
<html lang="en">
  <meta charset="utf-8">
  <title>Shop</title>
  <h1>${heading}</h1>
  <ol>
${items.map((title) => `    <li>${escaped(title)}</li>`).join('\n')}
  </ol>
</html>
`;
  }

  return createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '/', 'http://shop');
    const user = searchParams.get('user') ?? 'guest';
    render(user).then(
      (page) => response.setHeader('content-type', 'text/html; charset=utf-8').end(page),
      // Here alone: an id that topshelf takes for none. A shop would show the page without the list.
      (error: unknown) => response.writeHead(400).end(error instanceof Error ? error.message : String(error)),
    );
  });
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);
}
