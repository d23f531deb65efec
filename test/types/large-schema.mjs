// A schema of 150 models, each with a parent and three children, and what applications export of it.
const MODELS = 150

const numbers = Array.from({ length: MODELS }, (_, index) => index)

function model(number) {
  const parent = Math.floor((number - 1) / 3)
  const children = [1, 2, 3].map((child) => 3 * number + child).filter((child) => child < MODELS)
  return [
    `model M${number} {`,
    '  id Int @id @default(autoincrement())',
    '  name String',
    '  email String? @unique',
    '  at DateTime @default(now())',
    '  json Json?',
    ...(number === 0
      ? []
      : [
          '  parentId Int?',
          `  parent M${parent}? @relation("r${number}", fields: [parentId], references: [id])`,
        ]),
    ...children.map((child, index) => `  kids${index || ''} M${child}[] @relation("r${child}")`),
    '}',
  ].join('\n')
}

export const largeSchema = [
  'generator client {\n  provider = "prisma-client"\n  output = "./large/client"\n}',
  'datasource db {\n  provider = "sqlite"\n}',
  ...numbers.map(model),
].join('\n')

const head = `import { PrismaClient } from './client/client.js'
import { cacheAside } from 'prisma-extension-cache-aside'
const base = new PrismaClient({ adapter: {} as never })
`
const cached = `${head}const prisma = base.$extends(cacheAside())\n`

export const largeSources = {
  'client.ts': `${head}export const prisma = base.$extends(cacheAside())\n`,
  'function.ts': `${cached}export const one = (id: number) => prisma.m3.findUnique({ where: { id } })\n`,
  'relation.ts': `${cached}export const kids = (id: number) => prisma.m3.findUnique({ where: { id } }).kids()\n`,
  'queries.ts': `${cached}export const queries = {\n${numbers
    .map(
      (number) => `  m${number}: (id: number) => prisma.m${number}.findUnique({ where: { id } }),`,
    )
    .join('\n')}\n}\n`,
  'accelerate.ts': `${head.replace(
    "{ cacheAside } from 'prisma-extension-cache-aside'",
    "{ accelerateCompatible } from 'prisma-extension-cache-aside/accelerate'",
  )}const prisma = base.$extends(accelerateCompatible())
export const one = (id: number) => prisma.m3.findUnique({ where: { id } })\n`,
  'variable.ts': `${head}const cache = cacheAside()\nexport const prisma = base.$extends(cache)\n`,
}

/** The size of declarations, at most. With `$extends({})` they have 602, 722, 723 and 115,000 bytes. */
export const bytesOf = {
  'client.ts': 1500,
  'function.ts': 1000,
  'relation.ts': 500,
  'accelerate.ts': 1000,
  'queries.ts': 150_000,
  'variable.ts': 8000,
}
