import { hash } from 'node:crypto'

/**
 * Identifies a tag: the id of its record and, where a record holds several tags, the tag's name in it. Both are
 * hashes in base64url.
 */
export type TagId = string & { readonly brand: 'tag' }

/** The length of a record's id: 132 bits. Two tags that met by chance would only invalidate each other's entries. */
const RECORD_LENGTH = 22
/** The length of a tag's name in its record: 66 bits, as a record holds only the wide tags of one model. */
const NAME_LENGTH = 11

/** Names rows that change together: `name` is for people (`User`), `id` for the store. */
export interface Tag {
  readonly name: string
  readonly id: TagId
}

/** The tag with that name in that keyspace. */
export function tag(keyspace: string, name: string): Tag {
  return tagOf(name, JSON.stringify([keyspace, name]))
}

/**
 * A tag with a record of its own.
 *
 * @param identity a text that no other tag has.
 */
export function tagOf(name: string, identity: string): Tag {
  return { name, id: digest(identity, RECORD_LENGTH) as TagId }
}

/**
 * A tag in a record that it shares with others, so that they are read and touched as one record.
 *
 * @param record a text that is the same for all tags of the record, and that no other record has.
 * @param part a text that no other tag of the record has.
 */
export function tagIn(record: string, name: string, part: string): Tag {
  return { name, id: `${digest(record, RECORD_LENGTH)}${digest(part, NAME_LENGTH)}` as TagId }
}

/** The two parts of an id: that of the record, and the name in it, which is empty for a tag with its own record. */
export function partsOf(id: TagId): { readonly record: string; readonly name: string } {
  return { record: id.slice(0, RECORD_LENGTH), name: id.slice(RECORD_LENGTH) }
}

function digest(text: string, length: number): string {
  return hash('sha256', text, 'base64url').slice(0, length)
}
