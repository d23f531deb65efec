import { describe, expect, it } from 'vitest'
import { generatedCatalog, readGeneratedCatalog } from '../../src/catalog/generated-catalog.js'
import { catalogFrom, parseSchema } from '../../src/catalog/schema.js'
import { loadSchemaParser } from '../../src/catalog/schema-parser.js'
import { ConfigurationError } from '../../src/errors.js'
import { type Client, catalogOf } from '../../src/prisma-client/client.js'

const datasource = 'datasource db {\n provider = "postgresql"\n}\n'
const text = `${datasource}model A {\n id Int @id\n name String?\n bs B[]\n}
model B {\n id Int @id\n as A[]\n}`

/** The catalog that the generator writes for a schema. */
function generate(schema: string) {
  const datamodel = loadSchemaParser().get_datamodel(JSON.stringify({ prismaSchema: schema }))
  const shown = JSON.parse(datamodel).models
  return generatedCatalog(schema, catalogFrom(schema, shown, 'postgresql'))
}

const catalog = generate(text)

/** A client of the schema, or of one that it does not carry but whose models it knows. */
function clientOf(schema: string, models?: Record<string, readonly string[]>): Client {
  const known = Object.entries(models ?? {}).map(([name, fields]) => [
    name,
    { fields: fields.map((field) => ({ name: field })) },
  ])
  const carried = {
    _engineConfig: { inlineSchema: schema },
    ...(models && { _runtimeDataModel: { models: Object.fromEntries(known) } }),
  }
  return carried as unknown as Client
}

describe('the option `catalog`', () => {
  it('replaces the schema that the client carries', () => {
    expect(catalogOf(clientOf(text), { catalog })).toStrictEqual(parseSchema(text))
  })

  it('is read once, however often the file is loaded', () => {
    const one = readGeneratedCatalog(catalog, text)
    expect(readGeneratedCatalog({ ...catalog, models: [...catalog.models] }, text)).toBe(one)
  })

  it.each<[string, unknown, string]>([
    ['text', 'catalog', "catalog: expected what 'prisma generate' wrote"],
    ['nothing', null, "catalog: expected what 'prisma generate' wrote"],
    ['another object', { models: new Map() }, "catalog: expected what 'prisma generate' wrote"],
    ['the whole module', { catalog }, 'and not the whole module'],
    ['a part', { ...catalog, models: undefined }, "catalog: expected what 'prisma generate' wrote"],
    ['another format', { ...catalog, format: 2 }, 'catalog: expected format 1, got 2'],
    ['a changed file', { ...catalog, index: catalog.index.replace('"A"', '"C"') }, 'was changed'],
    ['a cut file', { ...catalog, models: catalog.models.slice(1) }, 'was changed'],
    ['an earlier schema', generate(text.replace('name String?', '')), 'of another schema'],
  ])('is refused if it is %s', (_, given, message) => {
    const read = () => catalogOf(clientOf(text), { catalog: given })
    expect(read).toThrow(ConfigurationError)
    expect(read).toThrow(message)
  })

  it('is refused beside the option `schema`', () => {
    expect(() => catalogOf(clientOf(text), { catalog, schema: text })).toThrow(
      'catalog: expected no option schema beside it, got both',
    )
  })

  it('is compared with the names of the models if the client does not carry its schema', () => {
    const models = { A: ['id', 'name', 'bs'], B: ['as', 'id'] }
    expect(catalogOf(clientOf('', models), { catalog }).models.has('_AToB')).toBe(true)
    const changed = { ...models, B: ['as', 'id', 'more'] }
    expect(() => catalogOf(clientOf('', changed), { catalog })).toThrow('model B is not the same')
    const { A } = models
    expect(() => catalogOf(clientOf('', { A }), { catalog })).toThrow('model B is not the same')
    expect(() => catalogOf(clientOf('', { ...models, C: ['id'] }), { catalog })).toThrow('model C')
  })
})

it('without a schema, the error names both ways to give it', () => {
  expect(() => catalogOf(clientOf(''), {})).toThrow(
    /cacheAside\(\{ catalog \}\).*cacheAside\(\{ schema \}\)/,
  )
})
