import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/support/longest-first.js'

const source = (file: string) => new URL(`src/${file}`, import.meta.url).pathname

export default defineConfig({
  // Examples import the package by its name, and are tested with what it is now, not as last built.
  resolve: {
    alias: [
      { find: /^prisma-extension-cache-aside$/, replacement: source('index.ts') },
      {
        find: /^prisma-extension-cache-aside\/accelerate$/,
        replacement: source('accelerate/index.ts'),
      },
      { find: /^prisma-extension-cache-aside\/testing$/, replacement: source('testing/index.ts') },
    ],
  },
  test: {
    include: ['test/**/*.test.ts', 'examples/**/*.test.ts'],
    globalSetup: ['test/support/report.ts', 'test/support/build.ts', 'test/support/postgres.ts'],
    pool: 'forks',
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    // Tests wait for events. These are only for those that never come, also on a busy machine.
    testTimeout: 120_000,
    hookTimeout: 300_000,
    typecheck: { enabled: true, include: ['test/**/*.test-d.ts'], tsconfig: 'tsconfig.json' },
  },
})
