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

it('decimalClassOf finds the Decimal class of the client’s own copy of Prisma’s run time', async () => {
  class OwnDecimal {}
  const client = {
    $extends: ({ query }: Probe) => ({
      User: { findFirst: () => query.$allOperations({ args: { decimal: new OwnDecimal() } }) },
    }),
  }
  expect(await decimalClassOf(client as unknown as Client, 'User')).toBe(OwnDecimal)
})

it('decimalClassOf runs no query, and calls no other extension of the client', async () => {
  const database = await createDatabase('sqlite')
  const { client, statements } = database.connect()
  let calls = 0
  const extended = client.$extends({
    query: {
      $allOperations({ args, query }) {
        calls += 1
        return query(args)
      },
    },
  })
  expect(await decimalClassOf(extended as unknown as Client, 'User')).toBe(Decimal)
  expect({ calls, statements }).toEqual({ calls: 0, statements: [] })
  await database.drop()
})

it('decimalClassOf returns this package’s Decimal for a client that is not Prisma’s', async () => {
  const client = {
    $extends() {
      throw new Error('not a client of Prisma’s')
    },
  }
  expect(await decimalClassOf(client as unknown as Client, 'User')).toBe(Decimal)
})
