import type { Board, IntentId, MemberId, Roster, RosterId } from '../store.js'
import { AerospikeStatusError, type Commands, expectOk, type Row, status } from './commands.js'
import { bins, rosterOf } from './records.js'

/** The roster and the intents of members, in a set of their own. */
export class AerospikeBoard implements Board {
  readonly #commands: Commands
  readonly #set: string

  constructor(commands: Commands, set: string) {
    this.#commands = commands
    this.#set = set
  }

  async beat(
    roster: RosterId,
    member: MemberId,
    line: string,
    how: 'join' | 'stay',
  ): Promise<Roster | undefined> {
    const [row] = await this.#commands.write([
      {
        set: this.#set,
        key: roster,
        ttl: undefined,
        ...(how === 'stay' && { only: 'update' }),
        operations: ({ maps, operations, MapPolicy }) => {
          const writeFlags = how === 'stay' ? maps.writeFlags.UPDATE_ONLY : maps.writeFlags.DEFAULT
          return [
            maps.put(bins.lines, member, line, new MapPolicy({ writeFlags })),
            operations.read(bins.lines),
            operations.read(bins.catalogs),
          ]
        },
      },
    ])
    const { status: code, bins: record } = row as Row
    if (code === status.ok) return rosterOf(record)
    const isOff = code === status.notFound || code === status.elementNotFound
    if (how === 'stay' && isOff) return undefined
    throw new AerospikeStatusError(code)
  }

  async cleaned(roster: RosterId, catalog: string): Promise<void> {
    const rows = await this.#commands.write([
      {
        set: this.#set,
        key: roster,
        ttl: undefined,
        only: 'update',
        operations: ({ maps }) => [maps.put(bins.catalogs, catalog, 1)],
      },
    ])
    // Where the roster was lost meanwhile, the next beat notices.
    expectOk(rows, status.notFound)
  }

  async strike(roster: RosterId, line: string): Promise<boolean> {
    const rows = await this.#commands.write([
      {
        set: this.#set,
        key: roster,
        ttl: undefined,
        only: 'update',
        operations: ({ maps }) => [maps.removeByValue(bins.lines, line, maps.returnType.COUNT)],
      },
    ])
    expectOk(rows, status.notFound)
    return rows[0]?.bins[bins.lines] === 1
  }

  async intend(intent: IntentId, text: string): Promise<void> {
    const code = await this.#commands.put(this.#set, intent, { [bins.text]: text }, undefined)
    if (code !== status.ok) throw new AerospikeStatusError(code)
  }

  async intents(ids: readonly IntentId[]): Promise<readonly (string | undefined)[]> {
    const rows = await this.#commands.read(ids.map((key) => ({ set: this.#set, key })))
    expectOk(rows, status.notFound)
    return rows.map(({ bins: record }) => {
      const text = record[bins.text]
      return typeof text === 'string' ? text : undefined
    })
  }

  forget(ids: readonly IntentId[]): Promise<void> {
    return this.#commands.remove(this.#set, ids)
  }
}
