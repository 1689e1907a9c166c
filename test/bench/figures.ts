// What a benchmark gives back: ours beside a floor measured in the same run. Only the ratio means something elsewhere.

/** `limit`: at most so many times the floor; of a rate, at least. None: shown for whoever wants to know. */
export type Figure = {
  name: string
  unit: 'ns' | 'us' | 'ms' | '/s'
  floor: number
  ours: number
  ratio: number
  limit?: number
}

export const quantile = (values: readonly number[], q: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] as number
}
export const median = (values: readonly number[]): number => quantile(values, 0.5)

export const isWithin = ({ unit, ratio, limit }: Figure): boolean =>
  limit === undefined || (unit === '/s' ? ratio >= limit : ratio <= limit)

export function show(figures: readonly Figure[]): string {
  const rows = figures.map(figure => {
    const { name, unit, floor, ours, ratio, limit } = figure
    const number = (value: number) => `${value.toFixed(unit === 'ms' ? 3 : unit === '/s' ? 0 : 1)} ${unit}`
    const bound = limit === undefined ? '' : `${unit === '/s' ? 'at least' : 'at most'} ${limit}`
    return [
      name,
      number(floor),
      number(ours),
      `${ratio.toFixed(2)} x`,
      bound,
      limit === undefined ? '' : isWithin(figure) ? 'pass' : 'over',
    ]
  })
  const all = [['', 'floor', 'ours', 'ratio', 'limit', ''], ...rows]
  const widths = [0, 1, 2, 3, 4, 5].map(column => Math.max(...all.map(row => (row[column] as string).length)))
  return all
    .map(row =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0] as number) : cell.padStart(widths[column] as number),
        )
        .join('  '),
    )
    .join('\n')
}
