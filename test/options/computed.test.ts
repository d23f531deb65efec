import { describe, expect, it } from 'vitest'
import { cacheAside, memory } from '../../src/index.js'
import { openShop } from '../support/shop.js'

/** Any update of the blue team also renames it. */
const TRIGGER = [
  `CREATE FUNCTION rename() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN NEW."name" := 'dark blue'; RETURN NEW; END $$`,
  `CREATE TRIGGER renames BEFORE UPDATE ON "Team" FOR EACH ROW WHEN (NEW."name" = 'blue')
    EXECUTE FUNCTION rename()`,
]

describe('a column that a trigger changes', () => {
  const trackBy = ['name']

  it.each([
    [['name'], []],
    // Without the option the second read is stale.
    [[], [{ id: 2, name: 'blue' }]],
  ])('with computed %j: the read after an update returns %j', async (computed, expected) => {
    const models = { Team: { trackBy, computed } }
    const shop = await openShop({ models }, 'postgresql')
    for (const statement of TRIGGER) await shop.plain.$executeRawUnsafe(statement)
    const byName = () => shop.prisma.team.findMany({ where: { name: 'blue' } })
    expect(await byName()).toEqual([{ id: 2, name: 'blue' }])
    await shop.prisma.team.update({ where: { id: 2 }, data: { id: 3 } })
    expect(await byName()).toEqual(expected)
  })

  it.each([
    [{ Tag: { computed: ['nam'] } }, /'nam' in models\.Tag\.computed; did you mean 'name'/],
    [{ Post: { computed: ['author'] } }, /models\.Post\.computed.*author is a relation/],
  ])('is not accepted with invalid options: %j', async (models, message) => {
    const { client } = await openShop()
    expect(() => client.$extends(cacheAside({ store: memory(), models }))).toThrow(message)
  })
})

describe.each(['sqlite', 'postgresql'] as const)('a generated column on %s', (provider) => {
  it.each([
    ['update', { where: { id: 1 }, data: { short: 'B' } }],
    ['updateManyAndReturn', { where: { id: 1 }, data: { short: 'B' } }],
    ['upsert', { where: { id: 1 }, create: {}, update: { short: 'B' } }],
  ])('changes in %s', async (operation, args) => {
    const models = { Peculiar: { trackBy: ['lower'] } }
    const { plain, prisma } = await openShop({ models }, provider)
    await plain.peculiar.create({ data: { id: 1, short: 'A' } })
    const byLower = () => prisma.peculiar.findMany({ where: { lower: 'a' } })
    expect(await byLower()).toMatchObject([{ short: 'A', lower: 'a' }])
    await (prisma.peculiar as never as Record<string, (args: object) => unknown>)[operation]?.(args)
    expect(await byLower()).toEqual([])
  })
})
