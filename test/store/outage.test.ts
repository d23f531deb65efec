import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDatabase, type Database } from '../support/databases.js'
import { startOwnServer } from '../testing/server.js'
import { goThroughOutages } from './outages.js'

describe('an outage of Aerospike under 64 readers and writers', () => {
  let database: Database
  let server: Awaited<ReturnType<typeof startOwnServer>>

  beforeAll(async () => {
    database = await createDatabase('postgresql')
    server = await startOwnServer()
  })

  afterAll(async () => {
    await database.drop()
    await server.stop()
  })

  // `npm run bench:outage` measures how long queries take meanwhile.
  it('no query fails, is stale, or waits for its end; afterwards caching is back', {
    timeout: 1_200_000,
  }, async () => {
    const figures = await goThroughOutages(server, () => database.connect().client)
    console.log('outages:', figures)
    expect(figures).toMatchObject({ errors: [], stale: 0 })
  })
})
