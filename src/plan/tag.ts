import { hash } from 'node:crypto'

/** What the store knows a tag by. */
export type TagId = string & { readonly brand: 'tag' }

/** A name for rows that change together, as people read it (`User`) and as the store does. */
export interface Tag {
  readonly name: string
  readonly id: TagId
}

/** The tag of that name, among those of the databases that share a cluster. */
export function tag(keyspace: string, name: string): Tag {
  return tagOf(name, JSON.stringify([keyspace, name]))
}

/** @param identity a text that no other tag has. */
export function tagOf(name: string, identity: string): Tag {
  // 132 bits: two tags that met by chance would only invalidate each other's entries.
  return { name, id: hash('sha256', identity, 'base64url').slice(0, 22) as TagId }
}
