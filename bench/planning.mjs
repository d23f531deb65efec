// Measures what planning costs, in microseconds: the key and the dependencies of a read, and the
// touches of a write.
//   npm run bench:planning
import { readFileSync } from 'node:fs'
import { parseSchema } from '../src/catalog/schema.ts'
import { Planner } from '../src/plan/planner.ts'

const ROUNDS = 15
const CALLS = 5_000

const planner = new Planner({
  catalog: parseSchema(
    readFileSync('examples/conduit-api/prisma/postgresql/schema.prisma', 'utf8'),
  ),
  keyspace: '',
  models: new Map(),
  ttl: 60_000,
  fingerprint: 'f',
  computed: new Set(),
  omitted: () => ({}),
  omitsGlobally: false,
})

const query = (model, operation, args) => ({ model, operation, args, dataPath: [] })
const byId = query('Article', 'findUnique', { where: { id: 7 } })
const bySlug = query('Article', 'findUnique', {
  where: { slug: 'article-7' },
  include: { author: true, tags: true, comments: { include: { author: true } } },
})
const nested = query('User', 'findUnique', {
  where: { id: 7 },
  include: { articles: { include: { comments: { include: { author: true } } } } },
})
const page = query('Article', 'findMany', {
  where: { authorId: 7 },
  orderBy: { createdAt: 'desc' },
  take: 20,
  include: { author: { select: { username: true } }, tags: true, _count: true },
})
const answer = Array.from({ length: 20 }, (_, n) => ({
  id: n,
  authorId: 7,
  tags: [{ name: `t${n}` }],
}))
const update = query('Article', 'update', { where: { id: 7 }, data: { title: 'x' } })
const updated = { id: 7, slug: 'article-7', authorId: 7 }

/** Makes the planner forget the plans of reads that it has remembered. */
const forgetPlans = () => planner.computedLater([])

const cases = {
  'findUnique by id': () => planner.read(byId),
  'findUnique by id, again': () => planner.read(byId),
  'a three-level include': () => planner.read(nested),
  'a three-level include, again': () => planner.read(nested),
  'an article with author, tags and comments': () => planner.read(bySlug),
  'a page of an author': () => planner.read(page),
  'narrowing a page of 20 by its answer': () => planner.narrow(page, answer),
  'an update, before and after': () => [planner.write(update), planner.write(update, updated)],
}

const times = new Map(Object.keys(cases).map((name) => [name, []]))
// The cases are measured in alternating rounds, so that a disturbance of the machine affects all of
// them.
for (let round = 0; round < ROUNDS; round += 1) {
  for (const [name, plan] of Object.entries(cases)) {
    const start = performance.now()
    for (let call = 0; call < CALLS; call += 1) {
      if (!name.endsWith('again')) forgetPlans()
      plan()
    }
    times.get(name).push(((performance.now() - start) / CALLS) * 1000)
  }
}
console.log('| planning | us |\n| --- | --- |')
for (const [name, all] of times) {
  const median = all.sort((one, other) => one - other)[Math.floor(ROUNDS / 2)]
  console.log(`| ${name} | ${median.toFixed(1)} |`)
}
