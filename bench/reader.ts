// Runs as a child process of growth.ts: warms up, waits for a message, and then measures reads
// through Aerospike for about two seconds.
import { once } from 'node:events'
import { aerospike, cacheAside } from 'prisma-extension-cache-aside'
import { throughputs } from './measure.js'
import { connectTo } from './subjects.js'

const [url = '', hosts = '', namespace = ''] = process.argv.slice(2)
const store = aerospike({ hosts, namespace, set: 'processes' })
const client = connectTo(url)().$extends(cacheAside({ store, ttl: '1h' }))
const hit = (n: number) => client.user.findUnique({ where: { id: (n % 200) + 1 } })
const measured = () => throughputs(new Map([['hit', hit]]), 32, { rounds: 3, duration: 700 })

await measured()
process.send?.('ready')
await once(process, 'message')
process.send?.((await measured()).get('hit')?.rate)
await client.$disconnect()
process.disconnect()
