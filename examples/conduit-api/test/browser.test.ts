import { existsSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import { chromium } from 'playwright-core'
import { expect, it, onTestFinished } from 'vitest'
import { type Api, draft, startApi } from './worlds.js'

const executablePath = '/usr/bin/chromium'

const isInstalled = existsSync(executablePath)
if (!isInstalled) console.log(`the page is not tested: there is no ${executablePath}`)

it.skipIf(!isInstalled)(
  'another tab shows an edit by itself',
  async () => {
    const api = await startApi()
    const ann = await api.register('ann')
    await api.call('POST', '/api/articles', { as: ann, body: draft('Before') })
    const { newTab } = await openBrowser(await listen(api))

    const [one, other] = [await newTab(), await newTab()]
    await one.getByRole('button', { name: 'Before' }).waitFor()
    await other.getByRole('button', { name: 'Before' }).click()
    await other.getByText('version 1').waitFor()

    await one.getByLabel('email').fill('ann@example.org')
    await one.getByLabel('password').fill('secret')
    await one.getByRole('button', { name: 'Log in' }).click()
    await one.getByText('as ann').waitFor()
    await one.getByRole('button', { name: 'Before' }).click()
    await one.getByText('version 1').waitFor()
    await one.getByLabel('title').fill('After')
    await one.getByRole('button', { name: 'Save' }).click()
    await one.getByText('version 2').waitFor()

    // Nobody has used the other tab. It got an event and read the article again.
    await other.getByRole('button', { name: 'After' }).waitFor()
    expect(await other.locator('#strip .invalidate').count()).toBeGreaterThan(0)
    expect(Number(await other.locator('#misses').textContent())).toBeGreaterThan(0)
  },
  60_000,
)

it.skipIf(!isInstalled)(
  'an edit of an older version is refused, and the page shows the actual version',
  async () => {
    const api = await startApi()
    const ann = await api.register('ann')
    await api.call('POST', '/api/articles', { as: ann, body: draft('Draft') })
    const { newTab } = await openBrowser(await listen(api))
    const tab = await newTab()
    await tab.getByLabel('password').fill('secret')
    await tab.getByRole('button', { name: 'Log in' }).click()
    await tab.getByText('as ann').waitFor()
    await tab.getByRole('button', { name: 'Draft' }).click()
    await tab.getByText('version 1').waitFor()

    const edit = { article: { body: 'by another' } }
    await api.call('PUT', '/api/articles/draft', { as: ann, body: edit, ifMatch: '"1"' })
    await tab.getByRole('button', { name: 'Save' }).click()
    await tab.getByText('it is at version 2').waitFor()
    const { json } = await api.call('GET', '/api/articles/draft')
    expect(json.article.body).toBe('by another')
  },
  60_000,
)

it.skipIf(!isInstalled)(
  'a saved draft leaves the list of the other tab in the cache',
  async () => {
    const api = await startApi()
    const ann = await api.register('ann')
    const { article } = draft('Plan')
    const body = { article: { ...article, status: 'draft' } }
    await api.call('POST', '/api/articles', { as: ann, body })
    const { newTab } = await openBrowser(await listen(api))

    const [one, other] = [await newTab(), await newTab()]
    await one.getByLabel('password').fill('secret')
    await one.getByRole('button', { name: 'Log in' }).click()
    await one.getByRole('button', { name: 'Plan' }).click()
    await one.getByText('version 1').waitFor()
    await one.getByRole('button', { name: 'Save' }).click()
    await one.getByText('version 2').waitFor()

    await other.locator('#strip .invalidate', { hasText: 'Article' }).waitFor()
    await other.locator('#cache', { hasText: /^hit/ }).waitFor()
    expect(await other.getByRole('button', { name: 'Plan' }).count()).toBe(0)
  },
  60_000,
)

/** Serves the API on the loopback interface. */
async function listen({ app }: Api): Promise<string> {
  return new Promise((resolve) => {
    const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, (address) =>
      resolve(`http://127.0.0.1:${(address as AddressInfo).port}`),
    )
    onTestFinished(
      () =>
        new Promise<void>((closed) => {
          server.close(() => closed())
          // The pages listen to events as long as they are open, which keeps connections open.
          if ('closeAllConnections' in server) server.closeAllConnections()
        }),
    )
  })
}

async function openBrowser(url: string) {
  const browser = await chromium.launch({
    executablePath,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
  onTestFinished(() => browser.close())
  const context = await browser.newContext()
  return {
    async newTab() {
      const tab = await context.newPage()
      await tab.goto(url)
      return tab
    },
  }
}
