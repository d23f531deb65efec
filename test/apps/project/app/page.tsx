import { prisma } from '../lib/prisma.ts'

export const dynamic = 'force-dynamic'

export default async function Page() {
  const { data, info } = await prisma.note.findMany().withCacheInfo()
  return <p>{`[${info.status} ${data.length}]`}</p>
}
