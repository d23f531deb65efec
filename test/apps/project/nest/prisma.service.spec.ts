import { ConfigurationError } from 'prisma-extension-cache-aside'
import { startAerospikeEmulator } from 'prisma-extension-cache-aside/testing'
import { PrismaService } from './prisma.service'

declare const test: (name: string, body: () => unknown) => void
declare const expect: (value: unknown) => {
  toBe(other: unknown): void
  toThrow(kind: unknown): void
}

test('a service caches, and its writes invalidate', async () => {
  const service = new PrismaService()
  const { note, $cache } = service.db
  const before = await note.count()
  expect(await note.count()).toBe(before)
  await note.create({ data: { text: 'jest' } })
  expect(await note.count()).toBe(before + 1)
  const { hits, misses } = $cache.stats()
  expect(`${hits} hit, ${misses} misses`).toBe('1 hit, 2 misses')
  expect(() => $cache.on('nothing' as 'hit', () => undefined)).toThrow(ConfigurationError)
  await service.onModuleDestroy()
})

test('the emulator starts', async () => {
  const emulator = await startAerospikeEmulator()
  await emulator.close()
})
