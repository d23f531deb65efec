import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import generatorHelper from '@prisma/generator-helper'
import type { DmmfModel } from '../catalog/dmmf.js'
import { generatedCatalog } from '../catalog/generated-catalog.js'
import { catalogFrom } from '../catalog/schema.js'
import { filesOf } from './files.js'
import { outputOf } from './output.js'

/*
 * The generator that `prisma generate` starts for `provider = "prisma-extension-cache-aside"`: it writes the
 * catalog of the schema into a file beside the generated client.
 */

generatorHelper.generatorHandler({
  onManifest: () => ({
    prettyName: 'the catalog of prisma-extension-cache-aside',
    // Prisma asks for a default, and does not say where the client goes. `outputOf` replaces it.
    defaultOutput: '.',
  }),
  async onGenerate({ generator, otherGenerators, datamodel, dmmf, datasources }) {
    const output = outputOf(generator, otherGenerators)
    // Prisma hands over plain JSON, whose types are wider than what it contains.
    const shown = dmmf.datamodel.models as unknown as readonly DmmfModel[]
    const provider = datasources[0]?.activeProvider ?? 'unknown'
    const catalog = generatedCatalog(datamodel, catalogFrom(datamodel, shown, provider))
    await mkdir(dirname(output), { recursive: true })
    for (const { path, text } of filesOf(output, catalog)) await writeFile(path, text)
    // Prisma reports this as the place that was written.
    generator.output = { value: output, fromEnvVar: null }
  },
})
