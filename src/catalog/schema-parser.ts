import { createRequire } from 'node:module'
import { isAbsolute, join } from 'node:path'
import { ConfigurationError } from '../errors.js'

/** The functions of Prisma's own parser that this package uses. Requests and answers are JSON. */
export interface SchemaParser {
  /** The datamodel of the DMMF. The whole DMMF is forty times as large, and takes three times as long. */
  get_datamodel(request: string): string
  get_config(request: string): string
}

const PARSER = '@prisma/prisma-schema-wasm'
const PACKAGE = 'prisma-extension-cache-aside/package.json'

let loaded: SchemaParser | undefined

/**
 * Loads Prisma's parser, which is 3 MB of WebAssembly, when a schema must be parsed: with a generated catalog
 * that is never. Bundlers do not see this import, so they leave the parser out; a bundle finds it in the
 * `node_modules` where it runs, if there is one.
 *
 * @throws ConfigurationError if it is not found or does not load.
 */
export function loadSchemaParser(): SchemaParser {
  loaded ??= find()
  return loaded
}

function find(): SchemaParser {
  let cause: unknown
  for (const base of bases()) {
    const load = createRequire(base)
    // With pnpm, only the package itself sees its dependencies.
    for (const from of [() => load, () => createRequire(load.resolve(PACKAGE))]) {
      try {
        return from()(PARSER)
      } catch (error) {
        // A parser that is found but does not load says more than one that is not found.
        if (cause === undefined || !isNotFound(error)) cause = error
      }
    }
  }
  const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause)
  throw new ConfigurationError(
    `this client needs a generated catalog, because the schema cannot be parsed here: ${PARSER} is not available, as in a bundle (${reason}). Add a generator to schema.prisma, generator cache { provider = "prisma-extension-cache-aside" }, run 'prisma generate', and pass what it wrote: cacheAside({ catalog })`,
    { cause },
  )
}

/** The files that may have `node_modules` above them. A bundle in ES modules does not have `__filename`. */
function bases(): readonly string[] {
  const own = typeof __filename === 'string' ? __filename : undefined
  const here = join(process.cwd(), 'index.js')
  return [own, process.argv[1], here].filter(
    (base) => base !== undefined && isAbsolute(base),
  ) as string[]
}

function isNotFound(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === 'MODULE_NOT_FOUND'
}
