import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { PrismaClient } from '../../generated/sqlite/client/client.js'
import { type CacheAsideOptions, cacheAside, StoreUnavailableError } from '../../src/index.js'
import type { Board } from '../../src/store/store.js'
import { createDatabase, type Provider } from '../support/databases.js'
import { sharedMemory } from '../support/shared-memory.js'

const providers: readonly Provider[] = ['sqlite', 'postgresql']

/** A store whose board a test can stop: while it is closed, no intent arrives; and it can be made to fail. */
function gatedStore() {
  const { board, ...store } = sharedMemory()
  const gate = { isOpen: true, isDown: false, waiting: 0, open: () => undefined as undefined }
  let opened: Promise<void> = Promise.resolve()
  const close = () => {
    gate.isOpen = false
    opened = new Promise((resolve) => {
      gate.open = () => {
        gate.isOpen = true
        resolve()
        return undefined
      }
    })
  }
  const gated: Board = {
    ...board,
    async beat(...call) {
      if (gate.isDown) throw new Error('unreachable')
      return board.beat(...call)
    },
    async intend(...call) {
      if (!gate.isOpen) {
        gate.waiting += 1
        await opened
      }
      return board.intend(...call)
    },
  }
  return { store: { ...store, board: gated }, gate, close }
}

async function open(provider: Provider, options: CacheAsideOptions = {}) {
  const database = await createDatabase(provider)
  onTestFinished(() => database.drop())
  const outside = database.connect().client
  await outside.user.create({ data: { email: 'ann', name: 'Ann' } })
  const { client: base, statements } = database.connect()
  const { store, gate, close } = gatedStore()
  const prisma = base.$extends(cacheAside({ ...options, store })) as unknown as PrismaClient
  onTestFinished(() => prisma.$disconnect())
  // From here on the sentinel watches, and the member is on the roster.
  await prisma.user.update({ where: { id: 1 }, data: { name: 'Ann' } })
  statements.length = 0
  close()
  return { prisma, base, outside, statements, gate }
}

const rename = { where: { id: 1 }, data: { name: 'Bea' } }
const updates = (statements: readonly string[]) =>
  statements.filter((sql) => sql.startsWith('UPDATE')).length

describe.each(providers)('on %s, until the others can know of it,', (provider) => {
  it.each<[string, (clients: { prisma: PrismaClient; base: PrismaClient }) => Promise<unknown>]>([
    ['a single statement', async ({ prisma }) => prisma.user.update(rename)],
    [
      'a statement of raw SQL',
      async ({ prisma }) => prisma.$executeRaw`UPDATE "User" SET name = 'Bea'`,
    ],
    ['a statement of the base client', async ({ base }) => base.user.update(rename)],
  ])('%s is not sent', async (_, write) => {
    const { prisma, base, outside, statements, gate } = await open(provider)
    const writing = write({ prisma, base })
    await vi.waitFor(() => expect(gate.waiting).toBe(1))
    // All that does not wait for the intent has had its turn: this query was sent later, and is answered.
    expect((await outside.user.findUnique({ where: { id: 1 } }))?.name).toBe('Ann')
    expect(updates(statements)).toBe(0)
    gate.open()
    await writing
    expect((await outside.user.findUnique({ where: { id: 1 } }))?.name).toBe('Bea')
  })

  it('an interactive transaction runs its statements, and is not committed', async () => {
    const { prisma, outside, statements, gate } = await open(provider)
    let isDone = false
    const writing = prisma.$transaction(async (tx) => {
      await tx.user.update(rename)
      isDone = true
    })
    await vi.waitFor(() => expect(isDone).toBe(true))
    expect(updates(statements)).toBe(1)
    if (provider === 'postgresql') {
      expect((await outside.user.findUnique({ where: { id: 1 } }))?.name).toBe('Ann')
    }
    let isCommitted = false
    void writing.then(() => (isCommitted = true))
    await new Promise((resolve) => setImmediate(resolve))
    expect(isCommitted).toBe(false)
    gate.open()
    await writing
    expect((await outside.user.findUnique({ where: { id: 1 } }))?.name).toBe('Bea')
  })
})

describe('on PostgreSQL, until the others can know of it,', () => {
  it.each<[string, (prisma: PrismaClient) => Promise<unknown>]>([
    ['a batch', (prisma) => prisma.$transaction([prisma.user.update(rename), prisma.post.count()])],
    [
      'a nested write',
      async (prisma) =>
        prisma.user.update({
          where: { id: 1 },
          data: { name: 'Bea', posts: { create: { title: 'x' } } },
        }),
    ],
  ])('%s is not committed', async (_, write) => {
    const { prisma, outside, gate } = await open('postgresql')
    let isCommitted = false
    const writing = write(prisma).then(() => (isCommitted = true))
    await vi.waitFor(() => expect(gate.waiting).toBe(1))
    for (let n = 0; n < 20; n += 1) {
      expect((await outside.user.findUnique({ where: { id: 1 } }))?.name).toBe('Ann')
    }
    expect(isCommitted).toBe(false)
    gate.open()
    await writing
    expect((await outside.user.findUnique({ where: { id: 1 } }))?.name).toBe('Bea')
  })

  it('a transaction whose process can no longer be known to live is rolled back, if such writes are rejected', async () => {
    const { prisma, outside, gate } = await open('postgresql', {
      onStoreFailure: 'reject',
      writeDeadline: '200ms',
    })
    gate.open()
    let failures = 0
    const cached = prisma as unknown as { $cache: { on(name: 'error', run: () => void): void } }
    cached.$cache.on('error', () => {
      failures += 1
    })
    const writing = prisma.$transaction(
      async (tx) => {
        await tx.user.update(rename)
        gate.isDown = true
        // Beats are 50 ms apart, so after three that failed the last good one is too old.
        await vi.waitFor(() => expect(failures).toBeGreaterThan(2), { timeout: 60_000 })
      },
      { timeout: 60_000 },
    )
    await expect(writing).rejects.toThrow(StoreUnavailableError)
    expect((await outside.user.findUnique({ where: { id: 1 } }))?.name).toBe('Ann')
    gate.isDown = false
    // The connection is not left in the transaction: it can be used again.
    await prisma.user.update(rename)
    expect((await outside.user.findUnique({ where: { id: 1 } }))?.name).toBe('Bea')
  })
})
