import { expect, it, onTestFinished } from 'vitest'
import { type CacheAsideOptions, cacheAside, memory } from '../../src/index.js'
import { createDatabase } from '../support/databases.js'

async function open(options: CacheAsideOptions = {}) {
  const database = await createDatabase('sqlite')
  onTestFinished(() => database.drop())
  const { client, statements } = database.connect()
  const models = { User: { writeThrough: true }, Membership: { writeThrough: true } }
  const prisma = client.$extends(cacheAside({ store: memory(), models, ...options }))
  /** Whether the read is a hit in the store, or joins the query that reads the row again. */
  async function isHit(read: () => PromiseLike<unknown>): Promise<boolean> {
    const before = prisma.$cache.stats().hits
    await read()
    return prisma.$cache.stats().hits > before
  }
  return { client, prisma, isHit, statements }
}

const user = { email: 'ann', handle: 'h1' }

it('the first read of a created row is a hit, by each of its unique keys', async () => {
  const { prisma, isHit } = await open()
  const { id } = await prisma.user.create({ data: user })
  for (const where of [{ id }, { email: 'ann' }, { handle: 'h1' }]) {
    expect(await isHit(() => prisma.user.findUnique({ where }))).toBe(true)
    expect(await prisma.user.findUnique({ where })).toMatchObject({ id, ...user })
  }
})

it.each<[string, (prisma: Awaited<ReturnType<typeof open>>['prisma']) => Promise<unknown>]>([
  ['updated', (prisma) => prisma.user.update({ where: { id: 1 }, data: { name: 'A' } })],
  [
    'upserted',
    (prisma) => prisma.user.upsert({ where: { id: 1 }, create: user, update: { name: 'A' } }),
  ],
  [
    'updated with a result that shows only part of it',
    (prisma) =>
      prisma.user.update({ where: { id: 1 }, data: { name: 'A' }, select: { name: true } }),
  ],
])('the first read of a row is a hit after the row was %s', async (_, write) => {
  const { prisma, isHit } = await open()
  await prisma.user.create({ data: user })
  await write(prisma)
  let row: unknown
  const read = async () => {
    row = await prisma.user.findUnique({ where: { email: 'ann' } })
  }
  expect(await isHit(read)).toBe(true)
  expect(row).toMatchObject({ name: 'A' })
})

it('the first read by a compound key is a hit, too', async () => {
  const { prisma, isHit } = await open()
  await prisma.team.create({ data: { id: 1, name: 't' } })
  const { id: userId } = await prisma.user.create({ data: user })
  const { id: orgId } = await prisma.org.create({ data: { name: 'o' } })
  await prisma.membership.create({ data: { userId, orgId } })
  const where = { userId_orgId: { userId, orgId } }
  expect(await isHit(() => prisma.membership.findUnique({ where }))).toBe(true)
})

it('writes of a row at the same time leave its last state in the cache', async () => {
  const { client, prisma } = await open()
  await prisma.user.create({ data: user })
  for (let round = 0; round < 20; round += 1) {
    await Promise.all(
      ['a', 'b', 'c'].map((name) => prisma.user.update({ where: { id: 1 }, data: { name } })),
    )
    const truth = await client.user.findUnique({ where: { id: 1 } })
    expect(await prisma.user.findUnique({ where: { id: 1 } })).toEqual(truth)
  }
})

it('rows of other models, and rows in transactions, are not written through', async () => {
  const { prisma, isHit } = await open()
  const { id } = await prisma.org.create({ data: { name: 'o' } })
  expect(await isHit(() => prisma.org.findUnique({ where: { id } }))).toBe(false)
  await prisma.$transaction([prisma.user.create({ data: user })])
  expect(await isHit(() => prisma.user.findUnique({ where: { email: 'ann' } }))).toBe(false)
})

it('rows are written through also in the mode opt-in, and before the client disconnects', async () => {
  const { prisma, isHit, statements } = await open({ mode: 'opt-in' })
  await prisma.user.create({ data: user })
  const read = () => prisma.user.findUnique({ where: { email: 'ann' }, cache: true })
  expect(await isHit(read)).toBe(true)
  await prisma.user.update({ where: { id: 1 }, data: { name: 'A' } })
  await prisma.$disconnect()
  expect(statements.at(-1)).toContain('SELECT')
})
