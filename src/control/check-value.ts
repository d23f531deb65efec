import { ConfigurationError } from '../errors.js'

/**
 * Checks that a value comes back from the cache as it went in: that it consists of what JSON can hold, and of
 * Date, Decimal, bigint, Uint8Array, Map, Set and undefined. Anything else would be another thing when it is
 * served the second time.
 *
 * @param subject names the value in errors.
 * @throws ConfigurationError that names the path of what cannot be kept.
 */
export function checkValue(subject: string, value: unknown, isDecimal: (value: object) => boolean) {
  const parents = new Set<object>()
  visit(value, '')

  function visit(part: unknown, path: string): void {
    if (typeof part === 'function' || typeof part === 'symbol') refuse(`a ${typeof part}`, path)
    if (typeof part !== 'object' || part === null) return
    if (parents.has(part)) refuse('a value that contains itself', path)
    const children = childrenOf(part)
    if (children === undefined) {
      if (isKept(part) || isDecimal(part)) return
      refuse(`an object of class ${nameOf(part)}`, path)
    }
    parents.add(part)
    for (const [name, child] of children ?? []) visit(child, `${path}${name}`)
    parents.delete(part)
  }

  function refuse(what: string, path: string): never {
    const where = path === '' ? '' : ` at ${path}`
    throw new ConfigurationError(
      `${subject}: expected a value of plain data, Date, Decimal, bigint, Uint8Array, Map and Set, got ${what}${where}`,
    )
  }
}

/** The parts of a container, with their names in a path; undefined for what is no container that is kept. */
function childrenOf(value: object): readonly (readonly [string, unknown])[] | undefined {
  if (Array.isArray(value)) return value.map((item, index) => [`[${index}]`, item] as const)
  switch (Object.getPrototypeOf(value)) {
    case Object.prototype:
      return Object.entries(value).map(([name, field]) => [`.${name}`, field] as const)
    case Map.prototype:
      return [...(value as Map<unknown, unknown>)].flatMap(([key, item], index) => [
        [`.keys[${index}]`, key] as const,
        [`.values[${index}]`, item] as const,
      ])
    case Set.prototype:
      return [...(value as Set<unknown>)].map((item, index) => [`.values[${index}]`, item] as const)
    default:
      return undefined
  }
}

/** A Buffer is a Uint8Array, but would come back as one that is no Buffer. */
function isKept(value: object): boolean {
  const prototype = Object.getPrototypeOf(value)
  return prototype === Date.prototype || prototype === Uint8Array.prototype
}

function nameOf(value: object): string {
  return value.constructor?.name ?? 'none'
}
