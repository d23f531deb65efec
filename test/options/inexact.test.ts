import { expect, it } from 'vitest'
import { cacheAside, memory } from '../../src/index.js'
import { createDatabase } from '../support/databases.js'

/** Makes a column ignore case, as a handwritten migration may do without the schema showing it. */
const WITHOUT_CASE = `
  PRAGMA foreign_keys = OFF;
  DROP TABLE "Tag";
  CREATE TABLE "Tag" ("id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, "name" TEXT NOT NULL COLLATE NOCASE);
  CREATE UNIQUE INDEX "Tag_name_key" ON "Tag"("name");
  INSERT INTO "Tag" ("name") VALUES ('abc');`

it.each([
  [['name'], null],
  // Without the option the second read is stale.
  [[], { id: 1, name: 'abc' }],
])(
  'a column that ignores case: with inexact %j, the read after an update returns %j',
  async (inexact, expected) => {
    const database = await createDatabase('sqlite')
    await database.execute(WITHOUT_CASE)
    const { client } = database.connect()
    const cached = client.$extends(cacheAside({ store: memory(), models: { Tag: { inexact } } }))
    const byName = () => cached.tag.findUnique({ where: { name: 'ABC' } })
    expect(await byName()).toEqual({ id: 1, name: 'abc' })
    await cached.tag.update({ where: { name: 'abc' }, data: { name: 'def' } })
    expect(await byName()).toEqual(expected)
    await database.drop()
  },
)

it.each([
  [{ Tag: { inexact: ['nam'] } }, /'nam' in models\.Tag\.inexact; did you mean 'name'/],
  [{ Post: { trackBy: ['title'], inexact: ['title'] } }, /models\.Post\.inexact.*not in trackBy/],
])('inexact refuses %j', async (models, message) => {
  const database = await createDatabase('sqlite')
  const { client } = database.connect()
  expect(() => client.$extends(cacheAside({ store: memory(), models }))).toThrow(message)
  await database.drop()
})
