import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The committed migrations, in the order of their names, as `prisma migrate deploy` applies them. */
export async function migrations(provider: 'sqlite' | 'postgresql'): Promise<string> {
  const folder = join(import.meta.dirname, '../../prisma', provider, 'migrations')
  const entries = await readdir(folder, { withFileTypes: true })
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  const scripts = names.sort().map((name) => readFile(join(folder, name, 'migration.sql'), 'utf8'))
  return (await Promise.all(scripts)).join('\n')
}
