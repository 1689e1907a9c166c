// Reads as much of Gherkin as the OpenFeature suites use: tags, backgrounds, outlines with examples, step tables.

import { readFileSync } from 'node:fs'

export type Step = { text: string; table: string[][] }
export type Scenario = { name: string; tags: string[]; steps: Step[] }

type Block = {
  kind: string
  name: string
  tags: string[]
  steps: Step[]
  examples: { tags: string[]; rows: string[][] }[]
}

export function readFeature(path: string): Scenario[] {
  const blocks = readBlocks(readFileSync(path, 'utf8').split('\n'))
  const feature = blocks.find(({ kind }) => kind === 'Feature')
  const background = blocks.find(({ kind }) => kind === 'Background')?.steps ?? []
  return blocks
    .filter(({ kind }) => kind.startsWith('Scenario'))
    .flatMap(block => expand({ ...block, tags: [...(feature?.tags ?? []), ...block.tags] }))
    .map(scenario => ({ ...scenario, steps: [...background, ...scenario.steps] }))
}

function readBlocks(lines: string[]): Block[] {
  const blocks: Block[] = []
  let tags: string[] = []
  for (const line of lines.map(text => text.trim())) {
    const heading = /^(Feature|Background|Scenario Outline|Scenario|Examples):\s*(.*)$/.exec(line)
    const step = /^(?:Given|When|Then|And|But)\s+(.*)$/.exec(line)
    const block = blocks.at(-1)
    if (line.startsWith('@')) tags.push(...line.split(/\s+/))
    else if (heading?.[1] === 'Examples') block?.examples.push({ tags, rows: [] })
    else if (heading)
      blocks.push({ kind: heading[1] as string, name: heading[2] as string, tags, steps: [], examples: [] })
    else if (step) block?.steps.push({ text: step[1] as string, table: [] })
    else if (line.startsWith('|'))
      (block?.examples.at(-1)?.rows ?? block?.steps.at(-1)?.table)?.push(cells(line))
    if (heading) tags = []
  }
  return blocks
}

const cells = (line: string): string[] =>
  line
    .slice(1, line.lastIndexOf('|'))
    .split('|')
    .map(cell => cell.trim())

function expand({ name, tags, steps, examples }: Block): Scenario[] {
  if (examples.length === 0) return [{ name, tags, steps }]
  return examples.flatMap(({ tags: own, rows: [head = [], ...rows] }) =>
    rows.map(row => {
      const fill = (text: string) =>
        head.reduce((filled, key, at) => filled.replaceAll(`<${key}>`, row[at] ?? ''), text)
      const filled = steps.map(({ text, table }) => ({
        text: fill(text),
        table: table.map(line => line.map(fill)),
      }))
      return { name: `${name} (${row.join(', ')})`, tags: [...tags, ...own], steps: filled }
    }),
  )
}
