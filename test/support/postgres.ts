import { PrismaPg } from '@prisma/adapter-pg'
import type { TestProject } from 'vitest/node'
import { migrations } from './migrations.js'
import { startPostgres } from './postgres-server.js'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The URL of the run's own PostgreSQL server, without a database's name. */
    readonly postgresUrl: string
    /** The database there with the schema of `prisma/`, which others are copied from. */
    readonly postgresTemplate: string
    readonly postgresVersion: string
  }
}

const TEMPLATE = 'template_of_tests'

/** Starts one PostgreSQL server for all test files. Nothing in it outlives the run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startPostgres([
    'max_connections=200',
    'fsync=off',
    'synchronous_commit=off',
    'full_page_writes=off',
    'autovacuum=off',
  ])
  await execute(`${server.url}/postgres`, `CREATE DATABASE ${TEMPLATE}`)
  await execute(`${server.url}/${TEMPLATE}`, await migrations('postgresql'))
  project.provide('postgresUrl', server.url)
  project.provide('postgresTemplate', TEMPLATE)
  project.provide('postgresVersion', server.version)
  return () => server.stop()
}

async function execute(url: string, script: string): Promise<void> {
  const connection = await new PrismaPg({ connectionString: url }).connect()
  await connection.executeScript(script)
  await connection.dispose()
}
