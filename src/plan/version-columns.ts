/** The version columns by the names of their models. */
export type VersionColumns = ReadonlyMap<string, string>

/** The version columns of the models that have one. */
export function versionColumnsOf(
  models: ReadonlyMap<string, { readonly version?: string | undefined }>,
): VersionColumns {
  return new Map(
    [...models].flatMap(([name, { version }]) =>
      version === undefined ? [] : [[name, version] as const],
    ),
  )
}

/** Whether the value can be the version of a row. */
export function isVersion(value: unknown): value is number | bigint {
  return typeof value === 'bigint' || Number.isInteger(value)
}
