import type { Catalog } from '../catalog/catalog.js'
import { type Model, modelOf } from '../catalog/catalog.js'
import type { Background } from '../event-loop/background.js'
import type { Args } from '../plan/query.js'
import { type Client, delegateOf } from '../prisma-client/client.js'
import type { Telemetry } from '../telemetry/telemetry.js'

export interface WriteThroughOptions {
  readonly catalog: Catalog
  /** Whether written rows of the model are read again. */
  readonly isOn: (model: string) => boolean
  readonly telemetry: Telemetry
  readonly background: Background
}

type Delegate = { findUnique(args: object): PromiseLike<unknown> }

/**
 * Reads a written row again by each of its unique keys, so that the next such read is a hit.
 *
 * The result of the write cannot be the entry: another write may have come between its commit and its
 * settlement, and the versions of after the settlement would then vouch for the older row. A read that
 * begins afterwards has its own snapshot, and reads of the same row at the same time join it.
 */
export class WriteThrough {
  readonly #options: WriteThroughOptions
  #client: Client | undefined

  constructor(options: WriteThroughOptions) {
    this.#options = options
  }

  /** @param client the extended client, whose reads are those of the application. */
  use(client: Client): void {
    this.#client = client
  }

  /** @param result the result of an acknowledged write. */
  after(model: string, operation: string, result: unknown): void {
    const { catalog, isOn, telemetry, background } = this.#options
    if (
      !returnsOneRow.has(operation) ||
      !isOn(model) ||
      typeof result !== 'object' ||
      result === null
    ) {
      return
    }
    const delegate = this.#client?.[delegateOf(model) as never] as Delegate | undefined
    for (const where of wheresOf(modelOf(catalog, model), result as Args)) {
      const reading = Promise.resolve(delegate?.findUnique({ where, cache: true }))
      background.run(reading.catch((error) => telemetry.error('refresh', error)))
    }
  }
}

const returnsOneRow: ReadonlySet<string> = new Set(['create', 'update', 'upsert'])

/** The filters that select the row by each of its unique keys. */
function wheresOf({ keys, compounds }: Model, row: Args): readonly object[] {
  return keys.flatMap(({ fields, unique }): readonly object[] => {
    const values = Object.fromEntries(fields.map((field) => [field, row[field]]))
    const isKnown = fields.every((field) => row[field] !== undefined && row[field] !== null)
    if (!unique || !isKnown) return []
    if (fields.length === 1) return [values]
    const [name] = [...compounds].find(([, of]) => of.join() === fields.join()) ?? []
    return name === undefined ? [] : [{ [name]: values }]
  })
}
