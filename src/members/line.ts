import type { MemberId } from '../store/store.js'

/** The entry of a member on the roster, which it writes itself. */
export interface Line {
  readonly member: MemberId
  /** Grows with every beat, so that a line which is the same twice is that of a member which did not beat. */
  readonly beat: number
  /** The number of its intents' records that it may have used. */
  readonly slots: number
  /** How long it may go without a beat before its writes count as crashed, in milliseconds. */
  readonly deadline: number
  /** Whether its reads must not see rows that a running write may change. */
  readonly isStrict: boolean
}

/** The most intents' records of one member. */
export const MAX_SLOTS = 64

/** The deadline of a member whose line nobody can read, in milliseconds. */
const UNREADABLE_DEADLINE = 10_000

export function formatLine({ member, beat, slots, deadline, isStrict }: Line): string {
  return [member, beat, slots, deadline, isStrict ? 'strict' : 'acknowledged'].join(' ')
}

/** Reads a line. For one that no member can have written, it assumes the worst. */
export function parseLine(member: MemberId, text: string): Line {
  const [id, beat, slots, deadline, consistency] = text.split(' ')
  const numbers = [beat, slots, deadline].map(Number)
  const [beatNumber, slotNumber, milliseconds] = numbers as [number, number, number]
  const isReadable =
    id === member && numbers.every((number) => Number.isSafeInteger(number) && number >= 0)
  if (!isReadable) {
    return { member, beat: 0, slots: MAX_SLOTS, deadline: UNREADABLE_DEADLINE, isStrict: false }
  }
  return {
    member,
    beat: beatNumber,
    slots: Math.min(slotNumber, MAX_SLOTS),
    deadline: milliseconds,
    isStrict: consistency === 'strict',
  }
}
