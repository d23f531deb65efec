import type { TestProject } from 'vitest/node'
import { startPostgres } from './postgres-server.js'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The URL of the run's own PostgreSQL server, without a database's name. */
    readonly postgresUrl: string
  }
}

/** Starts one PostgreSQL server for all test files. Nothing in it outlives the run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startPostgres([
    'max_connections=200',
    'fsync=off',
    'synchronous_commit=off',
    'full_page_writes=off',
    'autovacuum=off',
  ])
  project.provide('postgresUrl', server.url)
  return () => server.stop()
}
