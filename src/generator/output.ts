import { ConfigurationError } from '../errors.js'

/** The block of a generator in the schema, as Prisma hands it over. */
export interface GeneratorBlock {
  readonly name: string
  readonly provider: { readonly value: string | null }
  readonly output: { readonly value: string | null } | null
  readonly config: Readonly<Record<string, string | string[] | undefined>>
  /** Whether the block says where its output goes. */
  readonly isCustomOutput?: boolean
}

/**
 * The file that the catalog is written to. It is beside the folder of the client and not in it, because Prisma
 * refuses to write a client to a folder that contains anything else.
 *
 * @throws ConfigurationError if `output` is not such a file, or if it is needed and not given.
 */
export function outputOf(own: GeneratorBlock, others: readonly GeneratorBlock[]): string {
  const given = own.output?.value ?? undefined
  if (own.isCustomOutput && given !== undefined) return checkOutput(own, given)
  const client = others.find(({ provider }) => clients.has(provider.value ?? ''))
  const folder = client?.output?.value?.replace(/[\\/]+$/, '')
  if (client === undefined || !folder || /[\\/]node_modules[\\/]/.test(folder)) {
    throw new ConfigurationError(
      `generator ${own.name}: expected output = "../src/generated/cache-catalog.ts" or another file, because this run of prisma generate writes no client outside of node_modules`,
    )
  }
  return `${folder}-cache-catalog.${extensionBeside(client)}`
}

const clients: ReadonlySet<string> = new Set(['prisma-client', 'prisma-client-js'])

/** A client in JavaScript is CommonJS, whatever the package that it is in; one in TypeScript may be either. */
function extensionBeside({ provider, config }: GeneratorBlock): string {
  if (provider.value === 'prisma-client-js') return 'cjs'
  const extension = config.generatedFileExtension
  return typeof extension === 'string' && /^[cm]?ts$/.test(extension) ? extension : 'ts'
}

function checkOutput({ name }: GeneratorBlock, given: string): string {
  if (/\.([cm]?ts|[cm]js)$/.test(given)) return given
  throw new ConfigurationError(
    `generator ${name}: expected an output that ends in .ts, .mts, .cts, .mjs or .cjs, got "${given}"`,
  )
}
