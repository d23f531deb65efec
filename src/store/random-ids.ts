import { randomFillSync } from 'node:crypto'
import type { MemberId, Version, WriteId } from './store.js'

export function newVersion(): Version {
  return random64() as Version
}

export function newWriteId(): WriteId {
  return random64() as WriteId
}

export function newMemberId(): MemberId {
  return random64() as MemberId
}

/**
 * Returns 64 random bits as 11 characters. They come from a pool, so that one call into the
 * operating system is enough for 512 ids.
 */
function random64(): string {
  if (drawn === pool.byteLength) {
    randomFillSync(pool)
    drawn = 0
  }
  drawn += 8
  return pool.toString('base64url', drawn - 8, drawn)
}

const pool = Buffer.allocUnsafe(4096)
let drawn = pool.byteLength
