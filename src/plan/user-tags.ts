import { createHash } from 'node:crypto'
import type { EntryKey } from './key.js'
import { type Tag, tag } from './tag.js'

/** A tag that the application names. No table's name holds a NUL, so it is none of the schema's. */
export function userTag(keyspace: string, name: string): Tag {
  return { name: `#${name}`, id: tag(keyspace, `\0tag:${name}`).id }
}

/** What every entry of `getOrLoad` depends on, so that `clear` reaches those that name nothing else. */
export function loadsTag(keyspace: string): Tag {
  return { name: '$cache', id: tag(keyspace, '\0loads').id }
}

/**
 * The key of a read that the application gave tags. With others it has another entry: one entry for
 * both would lack the tags of one of them, and be filled in turn by each.
 *
 * @param names sorted, each once.
 */
export function taggedKey(key: EntryKey, names: readonly string[]): EntryKey {
  return names.length === 0 ? key : keyOf(['tagged', key, names])
}

/** The key of what `getOrLoad` keeps under a name. */
export function loadKey(keyspace: string, scope: string | undefined, name: string): EntryKey {
  return keyOf(['load', keyspace, scope ?? null, name])
}

/** A query's canonical form begins with a number, and so is none of these. */
function keyOf(parts: readonly unknown[]): EntryKey {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url') as EntryKey
}
