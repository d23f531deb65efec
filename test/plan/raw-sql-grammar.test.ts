import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { parseSchema } from '../../src/catalog/schema.js'
import { effectOf } from '../../src/plan/raw-sql.js'

const { models } = parseSchema(readFileSync('prisma/sqlite/schema.prisma', 'utf8'))
const tables = [...models.values()].filter(({ kind }) => kind === 'table')

/** SQL, and the tables that it changes: `'unknown'` is one that is no model's. */
interface Sql {
  readonly text: string
  readonly changes: readonly string[]
}

const known = fc.constantFrom(...tables.map(({ table }) => table))
const table = fc.oneof({ weight: 6, arbitrary: known }, fc.constant('unknown'))

/** The same name in each way in which SQL lets one write it. */
const written = (name: string) =>
  fc
    .tuple(
      fc.constantFrom('', 'public.', '"public".', 'main . '),
      fc.constantFrom(`"${name}"`, name, name.toUpperCase(), `\`${name}\``),
    )
    .map(([schema, quoted]) => schema + quoted)

/** White space and comments, which may look like anything. */
const gap = fc.constantFrom(
  ' ',
  '\n\t',
  ' -- DELETE FROM "Tag"\n',
  ' /* UPDATE posts; */ ',
  ' /* a /* COMMIT */ b */ ',
)
/** Values, which may look like anything, too. */
const value = fc.constantFrom(
  '1',
  '$1',
  `'x'`,
  `'DELETE FROM "Tag"'`,
  `'it''s; COMMIT'`,
  `$$UPDATE posts SET a = 1$$`,
  `$q$ ' $q$`,
  `'-- '`,
)
const verb = (text: string) => fc.constantFrom(text, text.toLowerCase())

function sentence(...parts: readonly fc.Arbitrary<string>[]): fc.Arbitrary<string> {
  return fc
    .tuple(...parts.flatMap((part, index) => (index === 0 ? [part] : [gap, part])))
    .map((texts) => texts.join(''))
}

const change: fc.Arbitrary<Sql> = table.chain((name) => {
  const target = written(name)
  return fc
    .oneof(
      sentence(verb('UPDATE'), target, verb('SET'), fc.constant('a ='), value),
      sentence(verb('UPDATE ONLY'), target, fc.constant('AS t SET a = 1 WHERE b ='), value),
      sentence(verb('DELETE FROM'), target, fc.constant('WHERE a ='), value),
      sentence(verb('INSERT INTO'), target, fc.constant('(a) VALUES ('), value, fc.constant(')')),
      sentence(
        verb('INSERT INTO'),
        target,
        fc.constant('(a) VALUES (1) ON CONFLICT (a) DO UPDATE SET a ='),
        value,
      ),
      sentence(verb('TRUNCATE TABLE'), target),
      sentence(
        verb('MERGE INTO'),
        target,
        fc.constant('USING (SELECT 1) s ON true WHEN MATCHED THEN DELETE'),
      ),
    )
    .map((text) => ({ text, changes: [name] }))
})

const read: fc.Arbitrary<Sql> = fc
  .oneof(
    sentence(verb('SELECT'), value, fc.constant('FROM'), known.chain(written)),
    sentence(
      verb('SELECT'),
      fc.constant('count(*), lower(title) FROM'),
      known.chain(written),
      fc.constant('WHERE a ='),
      value,
      fc.constant('FOR UPDATE'),
    ),
    sentence(verb('SET'), fc.constant('LOCAL app.tenant ='), value),
    sentence(
      verb('EXPLAIN'),
      change.map(({ text }) => text),
    ),
    sentence(verb('SELECT'), fc.constant('set_config('), value, fc.constant(", 'b', true)")),
  )
  .map((text) => ({ text, changes: [] }))

const inside: fc.Arbitrary<Sql> = fc
  .tuple(change, gap, fc.oneof(read, change))
  .filter(([, , { text }]) => !/^(explain|set)/i.test(text))
  .map(([part, space, rest]) => ({
    text: `WITH${space}a AS (${part.text}${space}RETURNING 1)${space}${rest.text}`,
    changes: [...part.changes, ...rest.changes],
  }))

const script: fc.Arbitrary<Sql> = fc
  .array(fc.oneof(change, read, inside), { minLength: 1, maxLength: 3 })
  .map((statements) => ({
    text: statements.map(({ text }) => text).join(';'),
    changes: statements.flatMap(({ changes }) => changes),
  }))

it('the effect of random SQL covers every table that it changes', () => {
  fc.assert(
    fc.property(script, ({ text, changes }) => {
      const effect = effectOf(models.values(), text)
      if (effect.models === 'all') return
      const covered = effect.models.map((model) => model.table)
      expect(covered).toEqual(expect.arrayContaining([...new Set(changes)]))
    }),
    { numRuns: 3_000 },
  )
})

it('random SQL that only reads has no effect, and known targets are not taken for every table', () => {
  fc.assert(
    fc.property(script, ({ text, changes }) => {
      if (changes.includes('unknown')) return
      const effect = effectOf(models.values(), text)
      expect(effect.mayCommit).toBe(false)
      if (changes.length === 0) expect(effect.models).toEqual([])
      else expect(effect.models).not.toBe('all')
    }),
    { numRuns: 3_000 },
  )
})
