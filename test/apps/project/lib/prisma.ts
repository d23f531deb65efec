import { aerospike } from 'prisma-extension-cache-aside'
import { catalog } from '../generated/prisma-cache-catalog.ts'
import { connect } from '../src/notes.ts'

// The usual recipe: Next loads this file once for each bundle, and again after each change in development.
const shared = globalThis as { prisma?: ReturnType<typeof connect> }

shared.prisma ??= process.env.HOSTS
  ? connect({
      catalog,
      store: aerospike({ hosts: process.env.HOSTS, namespace: 'test', timeout: '30s' }),
    })
  : connect()

export const prisma = shared.prisma
