import { Decimal } from '@prisma/client/runtime/client'
import { expect, it } from 'vitest'
import type { Client } from '../../src/prisma-client/client.js'
import { decimalClassOf } from '../../src/prisma-client/decimal-class.js'
import { createDatabase } from '../support/databases.js'

interface Probe {
  readonly query: {
    $allOperations(operation: { readonly args: { readonly decimal: object } }): Promise<unknown>
  }
}

it('the Decimal class of a client is that of its own copy of Prisma’s run time', async () => {
  class ItsOwn {}
  const client = {
    $extends: ({ query }: Probe) => ({
      User: { findFirst: () => query.$allOperations({ args: { decimal: new ItsOwn() } }) },
    }),
  }
  expect(await decimalClassOf(client as unknown as Client, 'User')).toBe(ItsOwn)
})

it('is found without a query, and without the client’s other extensions being asked', async () => {
  const database = await createDatabase('sqlite')
  const { client, statements } = database.connect()
  let asked = 0
  const extended = client.$extends({
    query: {
      $allOperations({ args, query }) {
        asked += 1
        return query(args)
      },
    },
  })
  expect(await decimalClassOf(extended as unknown as Client, 'User')).toBe(Decimal)
  expect({ asked, statements }).toEqual({ asked: 0, statements: [] })
  await database.drop()
})

it('is the package’s own where a client cannot be asked', async () => {
  const client = {
    $extends() {
      throw new Error('not a client of Prisma’s')
    },
  }
  expect(await decimalClassOf(client as unknown as Client, 'User')).toBe(Decimal)
})
