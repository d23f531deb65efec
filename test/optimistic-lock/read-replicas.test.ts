import { copyFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { readReplicas } from '@prisma/extension-read-replicas'
import { expect, it, onTestFinished } from 'vitest'
import { cacheAside, memory } from '../../src/index.js'
import { createDatabase } from '../support/databases.js'
import { openOffice } from './office.js'

const where = { id: 1 }
const data = { title: 'new' }

/** Opens a primary, and a replica with the rows that the primary had when its file was last copied. */
async function openReplicated() {
  const { plain, database } = await openOffice('sqlite')
  const copy = await createDatabase('sqlite')
  onTestFinished(() => copy.drop())
  const replicate = () => copyFile(fileURLToPath(database.url), fileURLToPath(copy.url))
  await replicate()
  const cached = plain.$extends(cacheAside({ store: memory() }))
  const prisma = cached.$extends(readReplicas({ replicas: [copy.connect().client] }))
  const outcomes: string[] = []
  onTestFinished(prisma.$cache.on('fill', ({ outcome }) => outcomes.push(outcome)))
  return { prisma, replicate, outcomes }
}

it('with @prisma/extension-read-replicas, an old answer of a replica is not stored', async () => {
  const { prisma, replicate, outcomes } = await openReplicated()
  const read = () => prisma.document.findUnique({ where })
  expect(await read()).toMatchObject({ title: 'one', version: 1 })
  await prisma.document.update({ where, data })
  expect(await read()).toMatchObject({ title: 'one', version: 1 })
  await replicate()
  for (const _ of [1, 2]) expect(await read()).toMatchObject({ title: 'new', version: 2 })
  expect(outcomes).toEqual(['stored', 'older', 'stored'])
})

it('with @prisma/extension-read-replicas, an answer of the primary is stored', async () => {
  const { prisma, outcomes } = await openReplicated()
  await prisma.document.update({ where, data })
  expect(await prisma.$primary().document.findUnique({ where })).toMatchObject({ version: 2 })
  expect(outcomes).toEqual(['stored'])
  // The cache answers this read, so that it does not reach the replica.
  expect(await prisma.document.findUnique({ where })).toMatchObject({ version: 2 })
})
