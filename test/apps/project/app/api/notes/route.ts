import { prisma } from '../../../lib/prisma.ts'

export const dynamic = 'force-dynamic'

export async function GET() {
  const { data, info } = await prisma.note.findMany().withCacheInfo()
  const { lastError } = await prisma.$cache.health()
  return Response.json({ answer: `${info.status} ${data.length}`, lastError })
}

export async function POST(request: Request) {
  await prisma.note.create({ data: { text: await request.text() } })
  return new Response('created')
}
