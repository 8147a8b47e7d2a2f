import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import type { AxeResults } from 'axe-core';
import { chromium, type Page } from 'playwright-core';
import { expect, it, onTestFinished } from 'vitest';
import { spawnConsole } from '../support/console-process.ts';
import { bundledFile, bundledRanking } from '../support/real-data.ts';
import { recommend } from '../support/shop.ts';
import { startDemo } from '../support/demo.ts';
import { chromium as executablePath } from './servers.ts';

const CATALOGUE = resolve(import.meta.dirname, '../data/products.csv');
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const SCREENSHOTS = process.env.TOPSHELF_TEST_SCREENSHOTS;
const SOON = { timeout: 15_000, interval: 200 };

/** A page at `url`, and everything that went wrong in it. */
async function openPage(url: string) {
  const browser = await chromium.launch({ executablePath, chromiumSandbox: false });
  onTestFinished(() => browser.close());
  // Without bypassCSP: what the page's policy forbids must not be needed.
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, colorScheme: 'light' });
  const wrong: string[] = [];
  page.on('pageerror', (error) => void wrong.push(error.message));
  page.on('console', (message) => {
    // A refusal that the test provokes is logged by the browser itself.
    if (message.type() === 'error' && !/ 40[19] /.test(message.text())) wrong.push(message.text());
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(url)) wrong.push(`asked elsewhere: ${request.url()}`);
  });
  await page.goto(url);
  return { page, wrong };
}

/** What axe holds to be serious or worse, in light and in dark. */
async function barriers(page: Page): Promise<string[]> {
  const found: string[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    // Through the debugger, as the page's policy lets no script in from outside.
    await page.evaluate(readFileSync(AXE, 'utf8'));
    const { violations, passes } = await page.evaluate<AxeResults>('axe.run(document)');
    expect(passes.length).toBeGreaterThan(10);
    for (const { id, impact, nodes } of violations) {
      if (impact !== 'serious' && impact !== 'critical') continue;
      found.push(
        ...nodes.map(({ html, failureSummary }) => `${colorScheme} ${id}: ${html} ${failureSummary}`),
      );
    }
  }
  await page.emulateMedia({ colorScheme: 'light' });
  return found;
}

async function screenshot(page: Page, name: string): Promise<void> {
  if (SCREENSHOTS === undefined) return;
  await mkdir(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), animations: 'disabled' });
}

it('is looked at, looked into, blocked with, rolled back with, and does not act on what has moved', async () => {
  const demo = await startDemo({ TOPSHELF_ACTOR: 'airflow@shop' });
  const console = await spawnConsole(demo.folder, ['--demo', '--catalogue', CATALOGUE], {
    TOPSHELF_ACTOR: 'grace@shop',
  });
  const { page, wrong } = await openPage(console.url);
  const row = page.getByRole('row', { name: /^home/ });
  const facts = page.locator('#facts');
  const dialog = page.getByRole('dialog');
  const told = page.locator('#announcements');

  // Look: what is live, since the demo's second day, on its one replica.
  await row.getByText('✓ passed').waitFor();
  await row.getByText('1 of 1').waitFor();
  const { version } = await recommend(demo.server, '12347');
  expect(await facts.innerText()).toContain(version);
  expect(await page.locator('#history').innerText()).toContain('bundled predictions of 2011-11-25');
  const gate = page.locator('#gate');
  expect(await gate.locator('tbody tr').count()).toBeGreaterThan(15);
  expect(await gate.locator('svg.bar').count()).toBeGreaterThan(15);
  await gate.getByRole('img', { name: /^Shares of scores/ }).waitFor();
  await expect
    .poll(async () => {
      for (let at = 0; at < 20; at++) await recommend(demo.server, '12347');
      return page.locator('#replicas').innerText();
    }, SOON)
    .toMatch(/personalized [\d.]+\/s/);
  expect(await barriers(page)).toEqual([]);
  expect((await told.boundingBox())?.height).toBe(0); // nothing was said yet

  // Without the token nothing can be done, and the page says where it is asked for. A wrong one is refused at once.
  await page.getByRole('button', { name: 'Roll back…' }).click();
  expect(await page.evaluate('document.activeElement.id')).toBe('token');
  await told.getByText('Actions and look-ups need').waitFor();
  expect(await told.getAttribute('class')).toBe('notice warn');
  await page.keyboard.type('not-the-token');
  await page.keyboard.press('Enter');
  await told.getByText('the token is not the console’s').waitFor();
  expect(await told.getAttribute('class')).toBe('notice bad');
  expect(await barriers(page)).toEqual([]);
  await page.keyboard.type(console.token() ?? '');
  await page.keyboard.press('Enter');
  await page.getByText('Actions and look-ups are open.').waitFor();
  expect(await page.context().cookies()).toEqual([]);

  // Explain, by keyboard; a refresh takes neither the focus nor what is typed.
  await page.getByLabel('User id').fill('');
  await page.keyboard.type('12347');
  await page.waitForResponse(`${console.url}/api/placements`);
  await page.keyboard.press('Enter');
  const answer = page.locator('#user-answer');
  await answer.getByText('In home user 12347 gets personalized').waitFor();
  const [favourite = ''] = bundledRanking('2011-12-07').get('12347') ?? [];
  await answer.locator('td.answered', { hasText: favourite }).first().waitFor();
  expect(await answer.innerText()).toContain('REGENCY CAKESTAND 3 TIER');
  expect(await barriers(page)).toEqual([]);
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.evaluate("document.querySelector('#look-up-heading').scrollIntoView()");
  await screenshot(page, 'console-user');
  await page.emulateMedia({ colorScheme: 'light' });

  // A row that is drawn anew keeps the focus too.
  await page.getByRole('link', { name: 'home' }).focus();
  await page.evaluate("window.linkBefore = document.getElementById('to-home')");
  await expect
    .poll(async () => {
      await recommend(demo.server, '12347');
      return page.evaluate("window.linkBefore !== document.getElementById('to-home')");
    }, SOON)
    .toBe(true);
  expect(await page.evaluate('document.activeElement.id')).toBe('to-home');

  // Block a product; servers leave it out.
  await page.getByRole('button', { name: 'Block products…', exact: true }).click();
  await dialog.getByLabel('Product ids, one a line').fill(favourite);
  expect(await barriers(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Block', exact: true }).click();
  expect(await dialog.isVisible()).toBe(true); // a reason and a name are asked for
  await dialog.getByLabel('Reason, for the record').fill('recall');
  await dialog.getByLabel('Your name, for the record').fill('Grace');
  await dialog.getByRole('button', { name: 'Block', exact: true }).click();
  await told.getByText(`Blocked: ${favourite}.`).waitFor();
  await expect
    .poll(async () => (await recommend(demo.server, '12347')).products, SOON)
    .not.toContain(favourite);

  // What is decided on an epoch that has moved is refused, shown, and not done.
  await facts.getByText('recall').waitFor();
  await page.getByRole('button', { name: 'Roll back…' }).click();
  await dialog.getByLabel('Reason, for the record').fill('odd answers');
  await demo.topshelf('block', 'another', '--placement', 'home', '--reason', 'another hand');
  await dialog.getByRole('button', { name: 'Roll back', exact: true }).click();
  const refusal = dialog.getByRole('alert');
  await refusal
    .getByText(/The pointer has moved: .*decided on epoch 3, and it is at epoch 4.*another hand/)
    .waitFor();
  expect(await dialog.getByRole('button', { name: 'Roll back', exact: true }).isDisabled()).toBe(true);
  expect(await barriers(page)).toEqual([]);
  expect((await recommend(demo.server, '12347')).version).toBe(version);
  await page.keyboard.press('Escape');

  // Roll back on what is shown now.
  await facts.getByText('another hand').waitFor();
  await page.getByRole('button', { name: 'Roll back…' }).click();
  await dialog.getByLabel('Reason, for the record').fill('odd answers');
  await dialog.getByRole('button', { name: 'Roll back', exact: true }).click();
  await told.getByText(`Version ${version} is quarantined`).waitFor();
  await expect.poll(async () => (await recommend(demo.server, '12347')).version, SOON).not.toBe(version);
  await row.getByText('held').waitFor();
  await page.getByText('Activations are held by Grace (console of grace@shop)').waitFor();
  await expect.poll(() => row.innerText(), SOON).toContain('1 of 1');
  await page.locator('#history').getByText('rollback').waitFor();
  expect(await barriers(page)).toEqual([]);
  await page.evaluate('scrollTo(0, 0)');
  await screenshot(page, 'console-light');
  await page.emulateMedia({ colorScheme: 'dark' });
  await screenshot(page, 'console-dark');
  await page.emulateMedia({ colorScheme: 'light' });

  // From an activation to the report that let it pass, by keyboard; a refresh keeps what was asked for.
  const history = page.locator('#history');
  await history.getByRole('row', { name: /^2 / }).getByRole('button', { name: 'report on' }).focus();
  await page.keyboard.press('Enter');
  const [chosen = ''] = await page.locator('#report option:checked').allInnerTexts();
  expect(await page.evaluate('document.activeElement.id')).toBe('report');
  expect(chosen).toContain(version);
  await gate.getByText(`Version ${version} passes all`).waitFor();
  await page.waitForResponse(`${console.url}/api/placements`);
  expect(await page.locator('#report option:checked').allInnerTexts()).toEqual([chosen]);
  expect(await barriers(page)).toEqual([]);
  await screenshot(page, 'console-gate');

  // What was left cannot be gone back to, and the dialog says why.
  await page.getByRole('button', { name: 'Roll back…' }).click();
  const left = dialog.getByRole('option', { name: `${version}, quarantined` });
  expect(await left.isDisabled()).toBe(true);
  await page.keyboard.press('Escape');

  // Release it; another placement appears by itself, and is chosen by its address.
  await page.getByRole('button', { name: 'Release the hold…' }).click();
  await dialog.getByLabel('Reason, for the record').fill('mended');
  await dialog.getByRole('button', { name: 'Release the hold', exact: true }).click();
  await told.getByText('The hold is released.').waitFor();
  expect(await history.innerText()).not.toContain('For older ones');
  for (let write = 0; write < 16; write++)
    await demo.topshelf(write % 2 === 0 ? 'unblock' : 'block', 'another', '--placement', 'home');
  await history.getByText('The latest 20 writes of the pointer. For older ones').waitFor();
  expect(await history.locator('tbody tr').count()).toBe(20);
  await demo.topshelf('publish', bundledFile('2011-11-25'), '--placement', 'cart');
  const cart = page.getByRole('link', { name: 'cart' });
  await cart.focus();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'cart' }).waitFor();
  expect(await page.locator('#history').innerText()).not.toContain('rollback'); // that was of the other one
  await page.locator('#history').getByText('activate').waitFor();
  await gate.getByText('passes all').waitFor();

  expect(wrong).toEqual([]);
  expect(console.output.err).not.toContain('12347');
  expect(await console.stop()).toBe(0);

  // The console is gone: what was read stays, and the page says so.
  await page
    .getByRole('alert')
    .getByText(/the console does not answer/)
    .waitFor();
}, 180_000);
