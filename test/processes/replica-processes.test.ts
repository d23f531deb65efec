import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { aerospike } from '../../src/index.js'
import { openLagging } from '../optimistic-lock/lagging.js'
import { startTestServer, type TestServer } from '../testing/server.js'

const where = { id: 1 }
const data = { title: 'new' }

let server: TestServer

beforeAll(async () => {
  server = await startTestServer()
})

afterAll(() => server.stop())

/** A reader and a writer that have nothing in common but the server, as two processes. */
async function openProcesses() {
  const { hosts, namespace } = server
  const set = `t-${randomUUID()}`
  const [readers, writers] = [0, 1].map(() => aerospike({ hosts, namespace, set, timeout: '2s' }))
  const { prisma, sibling, ...lagging } = await openLagging(readers, writers)
  onTestFinished(async () => {
    await prisma.$disconnect()
    await sibling.$disconnect()
  })
  return { reader: prisma, writer: sibling, ...lagging }
}

describe('what one process wrote, another does not store as it was before:', () => {
  it('a row that was updated, until the replica caught up', async () => {
    const { reader, writer, replica, outcomes } = await openProcesses()
    const [replicated, ahead] = [2, 3]
    for (let n = 0; n < replicated; n += 1) {
      await replica.plain.document.update({ where, data: { version: { increment: 1 } } })
    }
    for (let n = 0; n < ahead; n += 1) await writer.document.update({ where, data })
    const read = () => reader.document.findUnique({ where })
    for (const _ of [1, 2]) expect(await read()).toMatchObject({ version: 3 })
    expect(outcomes).toEqual(['older', 'older'])
    replica.behind = false
    for (const _ of [1, 2]) expect(await read()).toMatchObject({ version: 4 })
    expect(outcomes).toEqual(['older', 'older', 'stored'])
    expect(reader.$cache.stats()).toMatchObject({ misses: 3, hits: 1, fills: 1, olderFills: 2 })
  })

  it('a row within another, whose version is a BigInt', async () => {
    const { reader, writer, outcomes } = await openProcesses()
    await writer.folder.update({ where, data: { name: 'papers' } })
    await reader.document.findUnique({ where, include: { folder: true } })
    expect(outcomes).toEqual(['older'])
  })

  it('a row that was deleted', async () => {
    const { reader, writer, outcomes } = await openProcesses()
    await writer.document.delete({ where: { id: 2 } })
    expect(await reader.document.findUnique({ where: { id: 2 } })).toMatchObject({ version: 1 })
    expect(outcomes).toEqual(['older'])
  })
})

it('a row that one process created again in place of an older one, another stores', async () => {
  const { reader, writer, replica, outcomes } = await openProcesses()
  await writer.document.update({ where: { id: 2 }, data })
  await writer.document.delete({ where: { id: 2 } })
  await writer.document.create({ data: { id: 2, title: 'again' } })
  replica.behind = false
  expect(await reader.document.findUnique({ where: { id: 2 } })).toMatchObject({ version: 1 })
  expect(outcomes).toEqual(['stored'])
})
