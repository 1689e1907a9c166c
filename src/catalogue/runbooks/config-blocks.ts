// Flags set in fences of YAML, JSON, properties or environment lines: only where the whole path is a known key.

import type { Code } from 'mdast'
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseAllDocuments } from 'yaml'
import { linesOfCode } from './document.js'
import { languageOf } from './fences.js'
import { actionOf, type FlagReading, type KnownFlag, type KnownFlags, variantOf } from './flag-values.js'

const LARGEST = 64 * 1024
const DEEPEST = 20

export function readConfig(fence: Code, flags: KnownFlags): FlagReading {
  const reading: FlagReading = { actions: [], oddities: [] }
  const language = languageOf(fence)
  if (fence.value.length > LARGEST || flags.all.length === 0) return reading
  if (/^(properties|env|dotenv|ini)$/.test(language)) readAssignments(fence, flags, reading)
  else if (/^(ya?ml|jsonc?|json5)$/.test(language)) tryYaml(fence, flags, reading)
  return reading
}

function tryYaml(fence: Code, flags: KnownFlags, reading: FlagReading): void {
  try {
    readYaml(fence, flags, reading)
  } catch {
    // Nested past the parser's depth, or not YAML at all: a fence nobody can read names no flag.
  }
}

function readYaml(fence: Code, flags: KnownFlags, reading: FlagReading): void {
  const counter = new LineCounter()
  const first = (linesOfCode(fence)[0]?.line ?? 1) - 1
  const documents = parseAllDocuments(fence.value, { lineCounter: counter, logLevel: 'silent' })
  const walk = (node: unknown, path: string[]): void => {
    if (path.length > DEEPEST || isAlias(node) || isSeq(node)) return
    if (isMap(node)) {
      for (const pair of node.items)
        if (isScalar(pair.key)) walk(pair.value, [...path, String(pair.key.value)])
      return
    }
    const flag = isScalar(node) ? flags.byKey.get(path.join('.')) : undefined
    if (!flag || !isScalar(node)) return
    const { line } = counter.linePos((node as Node).range?.[0] ?? 0)
    note(reading, flag, node.value, first + line)
  }
  for (const document of documents) walk('contents' in document ? document.contents : undefined, [])
}

function readAssignments(fence: Code, flags: KnownFlags, reading: FlagReading): void {
  for (const { text, line } of linesOfCode(fence)) {
    const said = text.trim().replace(/^export\s+/, '')
    const at = said.search(/[=:]/)
    if (at <= 0 || /^[#;!]/.test(said)) continue
    const key = said.slice(0, at).trim()
    const flag = flags.byKey.get(key) ?? flags.byVariable.get(key)
    const value = said
      .slice(at + 1)
      .trim()
      .replace(/^(["'])(.*)\1$/, '$2')
    if (flag && value !== '') note(reading, flag, value, line)
  }
}

function note(reading: FlagReading, flag: KnownFlag, value: unknown, line: number): void {
  const variant = variantOf(flag, value)
  if (variant === undefined) reading.oddities.push({ flag: flag.key, said: String(value), line })
  else reading.actions.push(actionOf(flag, variant, line, 'high'))
}
