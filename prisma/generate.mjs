// Generates the clients of every schema here, where they are not there or older than the schema.
import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const prisma = join(
  dirname(createRequire(import.meta.url).resolve('prisma/package.json')),
  'build/index.js',
)

const root = join(import.meta.dirname, '..')
const conduit = join(root, 'examples/conduit-api')
for (const [schema, generated] of ['sqlite', 'postgresql'].flatMap((provider) => [
  [
    join(root, 'prisma', provider, 'schema.prisma'),
    join(root, 'generated', provider, 'client-js/schema.prisma'),
  ],
  [
    join(conduit, 'prisma', provider, 'schema.prisma'),
    join(conduit, 'generated', provider, 'client.ts'),
  ],
])) {
  if (existsSync(generated) && statSync(generated).mtimeMs > statSync(schema).mtimeMs) continue
  const { status } = spawnSync(process.execPath, [prisma, 'generate', '--schema', schema], {
    stdio: ['ignore', 'inherit', 'inherit'],
    // Prisma would download an engine that generating does not use.
    env: {
      ...process.env,
      PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
      PRISMA_HIDE_UPDATE_MESSAGE: '1',
    },
  })
  if (status !== 0) process.exit(status ?? 1)
}
