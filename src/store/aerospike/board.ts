import type { Board, IntentId, MemberId, Roster, RosterId } from '../store.js'
import {
  AerospikeStatusError,
  type Commands,
  expectOk,
  type Row,
  type RowWrite,
  status,
} from './commands.js'
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
    const only = how === 'stay' ? 'update' : undefined
    const row = await this.#change(roster, only, ({ maps, operations, MapPolicy }) => {
      const writeFlags = how === 'stay' ? maps.writeFlags.UPDATE_ONLY : maps.writeFlags.DEFAULT
      return [
        maps.put(bins.lines, member, line, new MapPolicy({ writeFlags })),
        operations.read(bins.lines),
        operations.read(bins.catalogs),
      ]
    })
    const { status: code, bins: record } = row
    if (code === status.ok) return rosterOf(record)
    const isOff = code === status.notFound || code === status.elementNotFound
    if (how === 'stay' && isOff) return undefined
    throw new AerospikeStatusError(code)
  }

  async cleaned(roster: RosterId, catalog: string): Promise<void> {
    const row = await this.#change(roster, 'update', ({ maps }) => [
      maps.put(bins.catalogs, catalog, 1),
    ])
    // Where the roster was lost meanwhile, the next beat notices.
    expectOk([row], status.notFound)
  }

  async strike(roster: RosterId, line: string): Promise<boolean> {
    const row = await this.#change(roster, 'update', ({ maps }) => [
      maps.removeByValue(bins.lines, line, maps.returnType.COUNT),
    ])
    expectOk([row], status.notFound)
    return row.bins[bins.lines] === 1
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

  async #change(
    roster: RosterId,
    only: RowWrite['only'],
    operations: RowWrite['operations'],
  ): Promise<Row> {
    const write = { set: this.#set, key: roster, ttl: undefined, only, operations }
    const [row] = await this.#commands.write([write])
    return row as Row
  }
}
