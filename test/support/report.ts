import { accessSync, constants, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import type { TestProject } from 'vitest/node'

/** The servers that suites may run against one day. */
const UNUSED = ['nats-server', 'redis-server', 'mariadbd']

/** The browser of `examples/conduit-api/test/browser.test.ts`. */
const CHROMIUM = '/usr/bin/chromium'

/** Says at the end of a run which servers its suites ran against, and which they had not. */
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

/** What test files have noted, which are processes with this one as parent; see `testing/server.ts`. */
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
