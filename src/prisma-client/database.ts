import { objectOf } from '../plan/query.js'

/**
 * Names the database that a driver adapter connects to, as far as its configuration shows it, without a query:
 * by host, port, name of the database, and schema. User and password are left out, as they do not tell databases
 * apart. Empty where the configuration does not show it: several adapters keep it to themselves.
 */
export function databaseOf(adapter: unknown, env: NodeJS.ProcessEnv = process.env): string {
  const { adapterName, config, externalPool, options } = objectOf(adapter)
  if (adapterName !== '@prisma/adapter-pg') return ''
  const { schema } = objectOf(options)
  const given = objectOf(objectOf(externalPool).options ?? config)
  const url = urlOf(typeof config === 'string' ? config : given.connectionString)
  // The driver reads the same variables: https://node-postgres.com/features/connecting
  const host = url?.hostname || url?.searchParams.get('host') || given.host || env.PGHOST
  const port = url?.port || given.port || env.PGPORT
  const user = url?.username || given.user || env.PGUSER
  const name = url?.pathname.slice(1) || given.database || env.PGDATABASE || user
  return [
    'postgresql:/',
    `${String(host ?? 'localhost').toLowerCase()}:${port ?? 5432}`,
    name ?? '',
    schema ?? 'public',
  ].join('/')
}

function urlOf(text: unknown): URL | undefined {
  return typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined
}
