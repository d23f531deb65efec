/**
 * A value that all copies of this package in the process share, as bundlers and test runners load several. Its
 * name contains a number that changes with its type, so that copies of different versions do not share one.
 */
export function sharedInProcess<T>(name: string, create: () => T): T {
  const key = Symbol.for(`prisma-extension-cache-aside.${name}`)
  const shared = globalThis as { [key]?: T }
  shared[key] ??= create()
  return shared[key]
}
