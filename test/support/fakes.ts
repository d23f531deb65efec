/**
 * Remembers which of the modules that a test replaces were really imported. If the path of a replaced
 * module becomes wrong, nothing is replaced any more, and the test would silently test the real module.
 *
 * Make it with `vi.hoisted`, as `vi.mock` runs before imports do.
 */
export class Fakes {
  readonly #used = new Set<string>()

  /** Returns the fake, and notes that something imported it. */
  use<T>(name: string, fake: T): T {
    this.#used.add(name)
    return fake
  }

  /** @throws where nothing imported one of these fakes. */
  assertUsed(...names: readonly string[]): void {
    const unused = names.filter((name) => !this.#used.has(name))
    if (unused.length > 0) {
      throw new Error(
        `nothing imported the fake of ${unused.join(', ')}: does the path still exist?`,
      )
    }
  }

  /** Forgets what was used so far. */
  reset(): void {
    this.#used.clear()
  }
}
