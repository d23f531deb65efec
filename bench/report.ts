// Writes tables in Markdown and bar charts in SVG.

export interface Table {
  readonly title: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

export function markdown({ title, columns, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const rule = columns.map((_, index) => (index === 0 ? '---' : '---:'))
  return [`### ${title}`, '', line(columns), line(rule), ...rows.map(line), ''].join('\n')
}

export interface Bar {
  readonly name: string
  readonly value: number
}

export interface Bars {
  readonly title: string
  readonly bars: readonly Bar[]
}

/** In pixels. */
const WIDTH = 760
const NAMES_WIDTH = 330
const ROW_HEIGHT = 22

/** Draws groups of bars. The longest bar of each group has the full length. */
export function chart(title: string, groups: readonly Bars[]): string {
  const parts: string[] = []
  let y = 28
  for (const { title, bars } of groups) {
    y += 26
    parts.push(text(0, y, title, 'font-weight="600"'))
    const most = Math.max(...bars.map(({ value }) => value))
    for (const { name, value } of bars) {
      y += ROW_HEIGHT
      const length = Math.max(1, (value / most) * (WIDTH - NAMES_WIDTH - 70))
      parts.push(text(12, y, name))
      parts.push(
        `<rect x="${NAMES_WIDTH}" y="${y - 12}" width="${length.toFixed(1)}" height="15" fill="#4c78a8"/>`,
      )
      parts.push(text(NAMES_WIDTH + length + 6, y, rounded(value)))
    }
  }
  const height = y + 16
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="13">
<title>${title}</title>
<rect width="${WIDTH}" height="${height}" fill="#fff"/>
${text(0, 20, title, 'font-size="15" font-weight="600"')}
${parts.join('\n')}
</svg>
`
}

function text(x: number, y: number, words: string, more = ''): string {
  const escaped = words.replace(/&/g, '&amp;').replace(/</g, '&lt;')
  return `<text x="${x.toFixed(1)}" y="${y}" fill="#222" ${more}>${escaped}</text>`
}

/** Rounds to three significant digits and puts a comma between thousands. */
export function rounded(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString('en-US', { maximumFractionDigits: 2 })
}

export function ratio(value: number, base: number): string {
  return `${(value / base).toFixed(2)} x`
}
