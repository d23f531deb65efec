import { createHash } from 'node:crypto'

/** What the store knows a tag by. */
export type TagId = string & { readonly brand: 'tag' }

/** A name for rows that change together, as people read it (`User`) and as the store does. */
export interface Tag {
  readonly name: string
  readonly id: TagId
}

/** The tag of that name, among those of the databases that share a cluster. */
export function tag(keyspace: string, name: string): Tag {
  const text = JSON.stringify([keyspace, name])
  // 128 bits: two tags that met by chance would only invalidate each other's entries.
  const id = createHash('sha256').update(text).digest().toString('base64url', 0, 16)
  return { name, id: id as TagId }
}
