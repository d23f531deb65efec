import { hash } from 'node:crypto'

/** The key of a tag's record in the store. */
export type TagId = string & { readonly brand: 'tag' }

/** Names rows that change together: `name` is for people (`User`), `id` for the store. */
export interface Tag {
  readonly name: string
  readonly id: TagId
}

/** The tag with that name in that keyspace. */
export function tag(keyspace: string, name: string): Tag {
  return tagOf(name, JSON.stringify([keyspace, name]))
}

/** @param identity a text that no other tag has. */
export function tagOf(name: string, identity: string): Tag {
  // 132 bits: two tags that met by chance would only invalidate each other's entries.
  return { name, id: hash('sha256', identity, 'base64url').slice(0, 22) as TagId }
}
