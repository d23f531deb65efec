import { randomFillSync } from 'node:crypto'
import type { Version, WriteId } from './store.js'

export function newVersion(): Version {
  return random64() as Version
}

export function newWriteId(): WriteId {
  return random64() as WriteId
}

/** 64 random bits in 11 characters, drawn from a pool: one call into the system for 512 of them. */
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
