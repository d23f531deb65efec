import { AsyncLocalStorage } from 'node:async_hooks'

interface Link {
  readonly owner: object
  readonly value: unknown
  readonly outer: Link | undefined
}

/** Every AsyncLocalStorage makes every promise of the process cost more, so all values share one. */
const links = new AsyncLocalStorage<Link>()

/** A value that holds for a function and for everything that it starts. */
export class ContextValue<T> {
  run<R>(value: T, run: () => R): R {
    return links.run({ owner: this, value, outer: links.getStore() }, run)
  }

  /** The innermost value that holds here. */
  get(): T | undefined {
    return this.#innermost()?.value as T | undefined
  }

  /** All values that hold here, the innermost first. */
  *all(): Generator<T> {
    let link = this.#innermost()
    while (link !== undefined) {
      yield link.value as T
      link = link.outer === undefined ? undefined : this.#innermost(link.outer)
    }
  }

  #innermost(from: Link | undefined = links.getStore()): Link | undefined {
    let link = from
    while (link !== undefined && link.owner !== this) link = link.outer
    return link
  }
}
