import type { MemberOptions } from '../../src/members/member.js'
import type { EntryKey } from '../../src/plan/key.js'
import type { TagId } from '../../src/plan/tag.js'
import type { Board, Entry, Store, Version } from '../../src/store/store.js'

export type Module = Record<string, unknown>
export type ReaderModule = typeof import('../../src/read/reader.js')
export type WriterModule = typeof import('../../src/write/write.js')
export type ValidityModule = typeof import('../../src/read/validity.js')
export type NarrowingModule = typeof import('../../src/read/narrowing.js')
export type MemberModule = typeof import('../../src/members/member.js')
export type IntentsModule = typeof import('../../src/members/intents.js')
export type AnnouncementModule = typeof import('../../src/members/announcement.js')
export type StoreModule = typeof import('../../src/store/memory.js')

export function spoilStore(change: (store: Store) => Partial<Store>) {
  return ({ memory }: StoreModule) => ({
    memory: (...options: Parameters<typeof memory>) => {
      const store = memory(...options)
      return { ...store, ...change(store) }
    },
  })
}

/** Changes what a member is built with. */
export function spoilMember(change: (options: MemberOptions) => Partial<MemberOptions>) {
  return ({ Member }: MemberModule): Module => ({
    Member: class extends Member {
      constructor(options: MemberOptions) {
        super({ ...options, ...change(options) })
      }
    },
  })
}

/** Changes the board of a member. */
export function spoilBoard(change: (board: Board) => Partial<Board>) {
  return spoilMember(({ board }) => ({ board: { ...board, ...change(board) } }))
}

export function spoilWrite(
  end: <T>(settle: () => Promise<void>, outcome: Promise<T>) => Promise<T>,
): (actual: WriterModule) => Module {
  return ({ Write }) => ({
    Write: class extends Write {
      override endWith<T>(outcome: Promise<T>) {
        return end(() => this.end('written'), outcome)
      }
    },
  })
}

/** Entries that were seen are seen again, as if nothing had been touched since. */
export function withCopies(store: Store): Store {
  const copies = new Map<EntryKey, Entry>()
  return {
    ...store,
    async lookup(key, tags) {
      const found = await store.lookup(key, tags)
      if (found.entry !== undefined) copies.set(key, found.entry)
      const copy = copies.get(key)
      if (copy === undefined || found.entry !== undefined) return found
      const versions = tags.map((tag, index) => [tag, found.tags[index]?.version] as const)
      return { ...found, entry: { ...copy, dependencies: new Map(versions as [TagId, Version][]) } }
    },
  }
}
