import { connect, scenario } from './notes.ts'

// With NO_CATALOG, the schema must be parsed: in a bundle that is an error.
const prisma = process.env.NO_CATALOG ? connect({}) : connect()
console.log(await scenario(prisma))
