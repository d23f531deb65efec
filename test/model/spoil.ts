import type { EntryKey } from '../../src/plan/key.js'
import type { TagId } from '../../src/plan/tag.js'
import type { Snapshot } from '../../src/read/read.js'
import type { Entry, Store, Version } from '../../src/store/store.js'

export type Module = Record<string, unknown>
export type ReaderModule = typeof import('../../src/read/reader.js')
export type WriterModule = typeof import('../../src/write/write.js')
export type ValidityModule = typeof import('../../src/read/validity.js')
export type NarrowingModule = typeof import('../../src/read/narrowing.js')
export type StoreModule = typeof import('../../src/store/memory.js')

export function spoilStore(change: (store: Store) => Partial<Store>) {
  return ({ memory }: StoreModule) => ({
    memory: (...options: Parameters<typeof memory>) => {
      const store = memory(...options)
      return { ...store, ...change(store) }
    },
  })
}

export function spoilNarrowing(
  change: (store: Store, snapshot: Snapshot, wide: readonly TagId[]) => Partial<Store>,
) {
  return ({ dependenciesOf }: NarrowingModule): Module => ({
    dependenciesOf: (...[read, narrowed, snapshot, store]: Parameters<typeof dependenciesOf>) => {
      const spoilt = { ...store, ...change(store, snapshot, narrowed.replaced) }
      return dependenciesOf(read, narrowed, snapshot, spoilt)
    },
  })
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
