const { PrismaLibSql } = require('@prisma/adapter-libsql')
const { cacheAside, memory } = require('prisma-extension-cache-aside')
const { PrismaClient } = require('../generated/js')
const { catalog } = require('../generated/js-cache-catalog.cjs')

async function main() {
  const adapter = new PrismaLibSql({ url: process.env.DATABASE_URL })
  const options = process.env.NO_CATALOG ? {} : { catalog }
  const base = new PrismaClient({ adapter })
  const prisma = base.$extends(cacheAside({ store: memory(), ...options }))
  const answers = []
  const read = async () => {
    const { data, info } = await prisma.note.findMany().withCacheInfo()
    answers.push(`${info.status} ${data.length}`)
  }
  await prisma.note.deleteMany()
  const write = () => prisma.note.create({ data: { text: 'one' } })
  for (const act of [read, read, write, read, read]) await act()
  console.log(answers.join(', '))
}

main()
