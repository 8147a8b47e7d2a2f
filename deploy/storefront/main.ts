/** `node deploy/storefront/main.ts [URL of topshelf]`: the example shop on port 3030, with the demo's products. */
import { createClient } from '../../src/client/client.ts';
import { readTitles } from './catalogue.ts';
import { createStorefront } from './storefront.ts';

const [url = 'http://localhost:8080'] = process.argv.slice(2);
const PORT = 3030;

const titles = await readTitles(new URL('../../test/data/products.csv', import.meta.url));
// What the shop sells most, as it was when this was written: shown while topshelf is away.
const localList = ['85123A', '22423', '47566', '85099B', '84879'].map((productId) => ({
  productId,
  score: 0,
}));
createStorefront({ client: createClient({ url, localList }), titles }).listen(PORT, '127.0.0.1', () => {
  process.stdout.write(`the shop is open at http://localhost:${PORT}/?user=12347\n`);
});
