// A process that loads the package both ways has one copy of it.
import assert from 'node:assert'
import { createRequire } from 'node:module'
import * as imported from 'prisma-extension-cache-aside'

const required = createRequire(import.meta.url)('prisma-extension-cache-aside')
assert.deepStrictEqual(Object.keys(imported).sort(), Object.keys(required).sort())
for (const [name, value] of Object.entries(imported)) assert.strictEqual(value, required[name])
console.log(`${Object.keys(required).length} names, one copy`)
