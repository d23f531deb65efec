import { accessSync, constants, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import type { TestProject } from 'vitest/node'

/** The servers that later suites may run against. */
const UNUSED = ['nats-server', 'redis-server', 'mariadbd']

/** The browser of `examples/conduit-api/test/browser.test.ts`. */
const CHROMIUM = '/usr/bin/chromium'

/** Prints at the end of a run which servers its suites used, and which were missing. */
export default function setup(project: TestProject): () => void {
  return () => {
    const aerospikes = startedAerospikes()
    const isReal = !aerospikes.every((one) => one.startsWith('emulator'))
    const hint = isReal
      ? ''
      : ' (nothing real: there is no AEROSPIKE_HOSTS, and no asd on the PATH)'
    const unused = UNUSED.map((name) => (isOnPath(name) ? name : `${name} (not on the PATH)`))
    process.stderr.write(
      `${[
        'The suites of this run used:',
        `  PostgreSQL ${project.getProvidedContext().postgresVersion}, from npm`,
        `  Aerospike: ${aerospikes.length === 0 ? 'none' : aerospikes.join(', ')}${hint}`,
        `  Chromium: ${existsSync(CHROMIUM) ? CHROMIUM : `none, so the tests of the example's page were skipped`}`,
        `No suite uses yet: ${unused.join(', ')}`,
      ].join('\n')}\n`,
    )
  }
}

/** Collects the notes of the test files, whose processes have this one as parent; see `testing/server.ts`. */
function startedAerospikes(): string[] {
  const prefix = `aerospike-test-server-${process.pid}-`
  const files = readdirSync(tmpdir()).filter((name) => name.startsWith(prefix))
  return files.map((name) => {
    const file = join(tmpdir(), name)
    const text = readFileSync(file, 'utf8')
    rmSync(file)
    return text
  })
}

function isOnPath(name: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, name), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
