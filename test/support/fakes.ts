/**
 * The modules that a test replaces, and which of the replacements were really imported: a path that no
 * longer names a module would silently stop replacing it, and the test would test the real one.
 *
 * Make it with `vi.hoisted`, as `vi.mock` runs before imports do.
 */
export class Fakes {
  readonly #used = new Set<string>()

  /** Gives the fake, and notes that something imported it. */
  use<T>(name: string, fake: T): T {
    this.#used.add(name)
    return fake
  }

  /** @throws where one of these was replaced, and nothing imported it. */
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
