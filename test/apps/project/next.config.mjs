import { arch, platform } from 'node:os'

const natives = [`./node_modules/@libsql/${platform()}-${arch()}-gnu/**/*`]
if (process.env.WITH_AEROSPIKE) natives.push('./node_modules/aerospike/lib/binding/**/*.node')

export default {
  distDir: process.env.DIST_DIR,
  output: process.env.OUTPUT,
  serverExternalPackages: ['aerospike'],
  // Next does not see which .node files a package loads.
  outputFileTracingIncludes: { '/**': natives },
  outputFileTracingRoot: import.meta.dirname,
  turbopack: { root: import.meta.dirname },
  typescript: { ignoreBuildErrors: true },
}
