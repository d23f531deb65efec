import { spawnSync } from 'node:child_process'

/** Longer than anything takes, for what hangs: milliseconds. */
const LIMIT = 300_000

/** An environment in which no server that runs already is used, and nothing but the registry is asked. */
export function environment(more = {}) {
  const { AEROSPIKE_HOSTS, REDIS_URL, NODE_OPTIONS, ...own } = process.env
  return {
    ...own,
    // Prisma would download an engine that generating does not use.
    PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
    NEXT_TELEMETRY_DISABLED: '1',
    ...more,
  }
}

/** Runs a command, and returns what it prints to stdout. */
export function run(command, args, { cwd, env, fails = false }) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    env: environment(env),
    encoding: 'utf8',
    timeout: LIMIT,
    maxBuffer: 2 ** 26,
  })
  if (error !== undefined) throw error
  if ((status !== 0) !== fails) {
    throw new Error(`${command} ${args.join(' ')} ended with ${status}:\n${stdout}\n${stderr}`)
  }
  return fails ? stderr : stdout
}
