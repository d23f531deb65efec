import { onTestFinished } from 'vitest'
import { cacheAside, memory } from '../../src/index.js'
import type { Store } from '../../src/store/store.js'
import { openOffice } from './office.js'

/**
 * Makes a client whose reads go to a replica, which shows the rows as they were at the start, and a
 * sibling, which reads and writes the primary.
 *
 * @param store the store of the client. The sibling may have a store of its own.
 */
export async function openLagging(store: Store = memory(), siblingStore: Store = store) {
  const { plain, database } = await openOffice('sqlite')
  const { plain: past } = await openOffice('sqlite')
  const replica = { behind: true, plain: past }
  const cached = plain.$extends(cacheAside({ store }))
  // This routes reads as @prisma/extension-read-replicas does. It comes after the cache, which would otherwise see no read.
  const prisma = cached.$extends({
    query: {
      async $allOperations({ model, operation, args, query, ...rest }) {
        const { __internalParams } = rest as { __internalParams?: { transaction?: object } }
        const isRead = operation.startsWith('find') && __internalParams?.transaction === undefined
        if (!isRead || !replica.behind) return query(args)
        const delegate = past[model?.toLowerCase() as 'document']
        return (delegate[operation as 'findMany'] as (args: object) => Promise<object[]>)(args)
      },
    },
  })
  const sibling = database.connect().client.$extends(cacheAside({ store: siblingStore }))
  const outcomes: string[] = []
  onTestFinished(prisma.$cache.on('fill', ({ outcome }) => outcomes.push(outcome)))
  return { prisma, plain, sibling, replica, outcomes }
}

export type Lagging = Awaited<ReturnType<typeof openLagging>>
