// Does things that crash or hang the native client if they are done without care, 50 times each and
// through the store.
//   node aerospike-child.mjs <built index.js> <scenario> <hosts>
import { pathToFileURL } from 'node:url'

const [, , built, scenario, hosts] = process.argv
const { aerospike } = await import(pathToFileURL(built))

const RUNS = 50
const tag = (n) => `tag${n}`.padEnd(22, '_')
const lookup = (store, n = 0) => store.lookup(`key${n}`, [tag(n)])
const many = (count, run) => Promise.allSettled(Array.from({ length: count }, (_, n) => run(n)))

const scenarios = {
  async 'connects again after a failed connect'() {
    const store = aerospike({ hosts, connectTimeout: '20ms', timeout: '50ms' })
    let failed = 0
    const until = Date.now() + 20_000
    while (failed < RUNS && Date.now() < until) {
      await lookup(store).catch(() => (failed += 1))
      // Attempts during the pause fail at once with the last error, so this waits until it is over.
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    if (failed < RUNS) throw new Error(`${failed} of ${RUNS} look-ups failed`)
    await store.close()
  },

  async 'is first used by many callers at once'() {
    for (let run = 0; run < RUNS; run += 1) {
      const store = aerospike({ hosts, timeout: '5s', connectTimeout: '5s' })
      const outcomes = await many(20, (n) => lookup(store, n))
      const failure = outcomes.find(({ status }) => status === 'rejected')
      if (failure) throw failure.reason
      await store.close()
    }
  },

  async 'is closed while commands are in flight'() {
    for (let run = 0; run < RUNS; run += 1) {
      const store = aerospike({ hosts, timeout: '5s', connectTimeout: '5s' })
      await lookup(store)
      const working = many(64, (n) => store.touch({ tags: [tag(n)] }))
      const reading = many(64, (n) => lookup(store, n))
      // After two turns of the event loop, the native client has got the commands.
      for (let turn = 0; turn < 2; turn += 1) await new Promise((resolve) => setImmediate(resolve))
      await store.close()
      await Promise.all([working, reading])
      await store.close()
    }
  },

  async 'is used again after it was closed'() {
    const store = aerospike({ hosts, timeout: '5s', connectTimeout: '5s' })
    for (let run = 0; run < RUNS; run += 1) {
      await lookup(store)
      await store.close()
    }
  },

  async 'is closed twice, and before it was used'() {
    for (let run = 0; run < RUNS; run += 1) {
      const store = aerospike({ hosts, timeout: '5s', connectTimeout: '5s' })
      await store.close()
      await lookup(store)
      await Promise.all([store.close(), store.close()])
    }
  },

  async 'gets values that the native client cannot convert'() {
    const store = aerospike({ hosts, timeout: '5s', connectTimeout: '5s' })
    for (let run = 0; run < RUNS; run += 1) {
      await store.mark([tag(0)], { writeId: 'w', deadline: 10n }).catch(() => {})
      await store.mark([tag(0)], { writeId: 'w', deadline: Number.NaN }).catch(() => {})
      await store.touch({ tags: [tag(0)], holdUntil: Number.NaN }).catch(() => {})
      await store.touch({ tags: [tag(0)], unmark: 7n }).catch(() => {})
      await store.create(new Map([[tag(0), 7n]])).catch(() => {})
      await store.board.intend('one', 7n).catch(() => {})
      await store.board.beat('roster', 'one', 7n, 'join').catch(() => {})
    }
    await store.close()
  },
}

await scenarios[scenario]()
console.log('done')
