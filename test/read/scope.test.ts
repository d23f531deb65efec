import { AsyncLocalStorage } from 'node:async_hooks'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openShop } from '../support/shop.js'

describe('scope', () => {
  it('gives each tenant entries of its own', async () => {
    let tenant: string | undefined = 'a'
    const { prisma, seen } = await openShop({ scope: () => tenant })
    for (tenant of ['a', 'b', undefined, 'a', 'b', undefined, '']) await prisma.team.findMany()
    await prisma.team.findMany({ cache: { scope: 'a' } })
    const [miss, hit] = ['miss: absent', 'hit: store']
    expect(seen).toEqual([miss, miss, miss, hit, hit, hit, miss, hit])
  })

  it.each<[string, () => unknown, RegExp]>([
    [
      'throws',
      () => {
        throw new Error('no tenant')
      },
      /no tenant/,
    ],
    ['does not return a string', () => 7, /scope: expected a string or undefined, got number/],
    ['returns a promise', async () => 'a', /scope: expected a string or undefined, got object/],
  ])('sends the read to the database if it %s', async (_, scope, message) => {
    const { prisma, seen, errors } = await openShop({ scope: scope as () => string })
    for (let n = 0; n < 2; n += 1) expect(await prisma.team.findMany()).toHaveLength(2)
    expect(seen).toEqual(['bypass: scope', 'bypass: scope'])
    expect(errors).toMatchObject([{ during: 'scope' }, { during: 'scope' }])
    expect(String(errors[0]?.error)).toMatch(message)
    expect(prisma.$cache.stats()).toMatchObject({ bypasses: 2, errors: 2, fills: 0 })
    // The function is not called for a read with a scope of its own.
    await prisma.team.findMany({ cache: { scope: 'a' } })
    expect(seen.at(-1)).toBe('miss: absent')
  })
})

/** The tenant of a request, as an application stores it. */
const tenants = new AsyncLocalStorage<string>()

/** Shows and changes only the tenant's own teams. The cache, which is applied before, does not see this extension. */
const ownRows = {
  query: {
    team: {
      async $allOperations({
        operation,
        args,
        query,
      }: {
        operation: string
        args: { where?: object; data?: object }
        query: (args: object) => Promise<unknown>
      }) {
        const own = { name: tenants.getStore() as string }
        return operation === 'create'
          ? query({ ...args, data: { ...args.data, ...own } })
          : query({ ...args, where: { ...args.where, ...own } })
      },
    },
  },
}

async function openTenants(options: { scope?: () => string | undefined }) {
  const shop = await openShop(options)
  const prisma = shop.prisma.$extends(ownRows as object) as unknown as typeof shop.prisma
  return { ...shop, prisma }
}

describe('two tenants behind an extension that filters rows', () => {
  it('never see each other’s rows if the cache has a scope', { timeout: 120_000 }, async () => {
    const tenant = fc.constantFrom('red', 'blue')
    const id = fc.integer({ min: 1, max: 6 })
    const step = fc.record({
      tenant,
      id,
      do: fc.constantFrom('list', 'list', 'list', 'find', 'find', 'count', 'create', 'delete'),
      refresh: fc.nat({ max: 7 }).map((n) => n === 0),
    })
    const shop = await openTenants({ scope: () => tenants.getStore() })
    const { prisma, plain } = shop
    type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

    async function run(one: Step): Promise<void> {
      const where = { id: one.id }
      const own = { name: one.tenant }
      const cache = { refresh: one.refresh }
      switch (one.do) {
        case 'list': {
          const rows = await prisma.team.findMany({ orderBy: { id: 'asc' }, cache })
          expect(rows.every(({ name }) => name === one.tenant)).toBe(true)
          return
        }
        case 'find': {
          const row = await prisma.team.findUnique({ where, cache })
          expect(row?.name ?? one.tenant).toBe(one.tenant)
          return
        }
        case 'count':
          await prisma.team.count({ cache })
          return
        case 'create':
          await prisma.team.create({ data: { ...where, ...own } }).catch(() => undefined)
          return
        default:
          await prisma.team.deleteMany({ where })
      }
    }
    const inTenant = (one: Step) => tenants.run(one.tenant, () => run(one))

    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 40 }), async (steps) => {
        // The steps run one after the other, and then in pairs at once.
        for (const one of steps) await inTenant(one)
        for (let n = 0; n + 1 < steps.length; n += 2) {
          await Promise.all(steps.slice(n, n + 2).map(inTenant))
        }
        for (const name of ['red', 'blue']) {
          const rows = await tenants.run(name, async () =>
            prisma.team.findMany({ orderBy: { id: 'asc' } }),
          )
          expect(rows).toEqual(
            await plain.team.findMany({ where: { name }, orderBy: { id: 'asc' } }),
          )
        }
      }),
      { numRuns: 40 },
    )
    expect(prisma.$cache.stats().hits).toBeGreaterThan(100)
  })

  it('see each other’s rows without a scope', async () => {
    const { prisma } = await openTenants({})
    const list = () => prisma.team.findMany()
    expect(await tenants.run('red', async () => list())).toEqual([{ id: 1, name: 'red' }])
    expect(await tenants.run('blue', async () => list())).toEqual([{ id: 1, name: 'red' }])
  })
})
