import { PrismaLibSql } from '@prisma/adapter-libsql'
import { type CacheAsideOptions, cacheAside, memory } from 'prisma-extension-cache-aside'
import { PrismaClient } from '../generated/prisma/client.ts'
import { catalog } from '../generated/prisma-cache-catalog.ts'

export function connect(options: CacheAsideOptions = { catalog }) {
  const adapter = new PrismaLibSql({ url: process.env.DATABASE_URL ?? '' })
  return new PrismaClient({ adapter }).$extends(cacheAside({ store: memory(), ...options }))
}

/** Reads, writes and reads again, and says how each read was answered. */
export async function scenario(prisma: ReturnType<typeof connect>) {
  const { note } = prisma
  const answers: string[] = []
  const read = async () => {
    const { data, info } = await note.findMany().withCacheInfo()
    answers.push(`${info.status} ${data.length}`)
  }
  await note.deleteMany()
  for (const act of [read, read, () => note.create({ data: { text: 'one' } }), read, read])
    await act()
  await prisma.$disconnect()
  return answers.join(', ')
}
