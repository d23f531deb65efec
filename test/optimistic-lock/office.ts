import { onTestFinished } from 'vitest'
import { type CacheAsideOptions, cacheAside, memory } from '../../src/index.js'
import { createDatabase, type Provider } from '../support/databases.js'

/**
 * Opens an office: a folder with a document, its cover and its part. It has a client with the cache, and
 * a plain one. The schema's comments name the version columns `Document.version` and `Folder.revision`.
 * Cover has no version.
 */
export async function openOffice(provider: Provider, options: CacheAsideOptions = {}) {
  const database = await createDatabase(provider)
  onTestFinished(() => database.drop())
  const plain = database.connect().client
  await plain.folder.create({
    data: {
      name: 'plans',
      documents: { create: { title: 'one', cover: { create: { colour: 'red' } } } },
    },
  })
  await plain.document.create({ data: { title: 'part', parentId: 1 } })
  const store = options.store ?? memory()
  const connect = () => database.connect().client.$extends(cacheAside({ store, ...options }))

  /** Reads the versions of the document, its part and the folder from the database. */
  async function versions() {
    const [one, part] = await plain.document.findMany({ orderBy: { id: 'asc' } })
    const folder = await plain.folder.findFirstOrThrow()
    return { one: one?.version, part: part?.version, folder: folder.revision }
  }
  return { database, plain, prisma: connect(), connect, versions }
}

export type Office = Awaited<ReturnType<typeof openOffice>>
