import { expect, it } from 'vitest'
import { SeenVersions } from '../../src/read/seen-versions.js'
import { newVersion } from '../../src/store/random-ids.js'
import { newTag } from '../store/new-records.js'

it('a version counts for a query that began after it was seen, and not for one under way', () => {
  const seen = new SeenVersions()
  const [tag, version] = [newTag(), newVersion()]
  const early = seen.now()
  seen.note(tag, version)
  expect(seen.before(tag, early)).toBeUndefined()
  expect(seen.before(tag, seen.now())).toBe(version)
})

it('a version that is seen again counts from when it was first seen', () => {
  const seen = new SeenVersions()
  const [tag, version] = [newTag(), newVersion()]
  seen.note(tag, version)
  const began = seen.now()
  seen.note(tag, version)
  expect(seen.before(tag, began)).toBe(version)
})

it('a version that was replaced while a query ran does not count for that query', () => {
  const seen = new SeenVersions()
  const tag = newTag()
  seen.note(tag, newVersion())
  const began = seen.now()
  const next = newVersion()
  seen.note(tag, next)
  expect(seen.before(tag, began)).toBeUndefined()
  expect(seen.before(tag, seen.now())).toBe(next)
})
