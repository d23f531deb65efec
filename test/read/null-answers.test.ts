import { expect, it } from 'vitest'
import { openShop } from '../support/shop.js'

const ID = '0000abcd-0000-4000-8000-00000000000f'
const OTHER = '1111abcd-0000-4000-8000-00000000000f'

it('a null of findUnique is not stored if Prisma may have overlooked a row with another spelling of the value', async () => {
  const { plain, prisma } = await openShop({}, 'postgresql')
  await plain.peculiar.createMany({
    data: [
      { id: 1, token: ID },
      { id: 2, token: OTHER },
    ],
  })
  // The first read prepares the client, so that the two later reads reach Prisma in the same tick.
  await prisma.peculiar.count()
  const find = (token: string) => prisma.peculiar.findUnique({ where: { token } })
  // Prisma sends both as one statement, and does not recognise the rows that come back.
  const both = [find(ID.toUpperCase()), find(OTHER.toUpperCase())]
  expect(await Promise.all(both)).toEqual([null, null])
  expect(await find(ID.toUpperCase())).toMatchObject({ id: 1 })
})

it('any other null of findUnique is stored', async () => {
  const { prisma, seen } = await openShop({}, 'postgresql')
  for (const where of [{ token: ID }, { short_amount: { short: 'a', amount: '1.0' } }]) {
    seen.length = 0
    const find = () => prisma.peculiar.findUnique({ where })
    expect([await find(), await find()]).toEqual([null, null])
    expect(seen).toEqual(['miss: absent', 'hit: store'])
  }
})

it('a read by a text with NUL is not stale after an update, though SQLite cuts the text at the NUL', async () => {
  const { plain, prisma } = await openShop()
  await plain.user.create({ data: { id: 1, email: 'a\0b', name: 'ann' } })
  const find = () => prisma.user.findUnique({ where: { email: 'a\0b' } })
  expect(await find()).toMatchObject({ name: 'ann' })
  await prisma.user.update({ where: { id: 1 }, data: { name: 'bob' } })
  expect(await find()).toMatchObject({ name: 'bob' })
})
