import { createHash } from 'node:crypto'
import type { EntryKey } from './key.js'
import { type Tag, tag } from './tag.js'

/** A tag that the application names. It is none of the schema's tags, as no table's name holds a NUL. */
export function userTag(keyspace: string, name: string): Tag {
  return { name: `#${name}`, id: tag(keyspace, `\0tag:${name}`).id }
}

/** The tag that every entry of `getOrLoad` depends on, so that `clear` reaches entries that name no other. */
export function loadsTag(keyspace: string): Tag {
  return { name: '$cache', id: tag(keyspace, '\0loads').id }
}

/**
 * The key of a read to which the application gave tags. The same read with other tags has another key:
 * with one entry for both, each of them would replace the entry that lacks its tags.
 *
 * @param names sorted, each once.
 */
export function taggedKey(key: EntryKey, names: readonly string[]): EntryKey {
  return names.length === 0 ? key : keyOf(['tagged', key, names])
}

/** The key of the entry that `getOrLoad` keeps under a name. */
export function loadKey(keyspace: string, scope: string | undefined, name: string): EntryKey {
  return keyOf(['load', keyspace, scope ?? null, name])
}

/** A key that no query has, because the canonical form of a query begins with a number. */
function keyOf(parts: readonly unknown[]): EntryKey {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url') as EntryKey
}
