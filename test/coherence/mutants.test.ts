import fc from 'fast-check'
import { afterEach, expect, it, vi } from 'vitest'
import type { Catalog } from '../../src/catalog/catalog.js'
import type { Query } from '../../src/plan/query.js'
import { createDatabase } from '../support/databases.js'
import { programs } from './program.js'
import { createWorld } from './run-program.js'

type Module = Record<string, unknown>

/** Defects of the plan and of the protocol, each put in place of the module that it spoils. */
const mutants: Record<string, readonly [path: string, spoil: (actual: never) => Module]> = {
  'drops cascades': [
    '../../src/plan/closure.js',
    ({ Closure }: typeof import('../../src/plan/closure.js')) => ({
      Closure: class extends Closure {
        override remove(name: string) {
          this.models.add(name)
        }
      },
    }),
  ],
  'drops updates that cascade': [
    '../../src/plan/closure.js',
    ({ Closure }: typeof import('../../src/plan/closure.js')) => ({
      Closure: class extends Closure {
        override change(name: string) {
          this.models.add(name)
        }
      },
    }),
  ],
  'drops nested writes': [
    '../../src/plan/write.js',
    (actual: typeof import('../../src/plan/write.js')) => ({
      ...actual,
      modelsWritten: (_: Catalog, query: Query) => new Set([query.model]),
    }),
  ],
  'depends on the queried model alone': [
    '../../src/plan/read.js',
    ({ survey }: typeof import('../../src/plan/read.js')) => ({
      survey: (catalog: Catalog, query: Query) => ({
        ...survey(catalog, query),
        models: new Set([query.model]),
      }),
    }),
  ],
  'overlooks relations in filters and orders': [
    '../../src/plan/read.js',
    ({ survey }: typeof import('../../src/plan/read.js')) => ({
      survey: (catalog: Catalog, query: Query) => {
        const { where: _, orderBy: __, ...args } = query.args as Record<string, unknown>
        return survey(catalog, { ...query, args })
      },
    }),
  ],
  'touches before the commit': [
    '../../src/coherence/writer.js',
    ({ Write }: typeof import('../../src/coherence/writer.js')) => ({
      Write: class extends Write {
        override async endWith<T>(outcome: Promise<T>) {
          await this.settle()
          return outcome
        }
      },
    }),
  ],
  'takes a committed write for unwritten': [
    '../../src/coherence/writer.js',
    ({ Write }: typeof import('../../src/coherence/writer.js')) => ({
      Write: class extends Write {
        override async endWith<T>(outcome: Promise<T>) {
          await outcome.finally(() => this.withdraw())
          return outcome
        }
      },
    }),
  ],
}

afterEach(() => {
  for (const [path] of Object.values(mutants)) vi.doUnmock(path)
  vi.resetModules()
})

it.each(Object.keys(mutants))(
  'a cache that %s is found out',
  { timeout: 120_000 },
  async (name) => {
    const [path, spoil] = mutants[name] ?? ['', () => ({})]
    vi.resetModules()
    vi.doMock(path, async (importOriginal) => spoil((await importOriginal()) as never))
    const { cacheAside } = await import('../../src/index.js')
    const database = await createDatabase('postgresql')
    const { run } = createWorld(database, cacheAside as never)
    const result = await fc.check(fc.asyncProperty(programs, run), {
      seed: 1,
      numRuns: 300,
      endOnFailure: true,
      interruptAfterTimeLimit: 100_000,
    })
    await database.drop()
    console.log(`a cache that ${name}: found after ${result.numRuns} programs`)
    expect(String(result.errorInstance)).toContain('deep-equal')
  },
)
