// Flags set in fences of YAML, JSON, properties or environment lines. Sure where the whole path is a known key; a guess where
// the key stands at the end of a path, above `enabled`, or beside its value.

import type { Code } from 'mdast'
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
  type Scalar,
  type YAMLMap,
} from 'yaml'
import { linesOfCode } from '../structure/document.js'
import { languageOf } from '../structure/fences.js'
import {
  actionOf,
  type FlagReading,
  type KnownFlag,
  type KnownFlags,
  nothingRead,
  variantOf,
} from './flag-values.js'
import { qualifierIn, withQualifiers } from './qualifiers.js'

const LARGEST = 64 * 1024
const DEEPEST = 20

export function readConfig(fence: Code, flags: KnownFlags): FlagReading {
  const reading = nothingRead()
  const language = languageOf(fence)
  if (fence.value.length > LARGEST || flags.all.length === 0) return reading
  if (/^(properties|env|dotenv|ini)$/.test(language)) readAssignments(fence, flags, reading)
  else if (/^(ya?ml|jsonc?|json5)$/.test(language)) tryYaml(fence, flags, reading)
  return qualified(fence, flags, reading)
}

/** A comment may say that it is another environment's, or a rehearsal's. */
function qualified(fence: Code, flags: KnownFlags, reading: FlagReading): FlagReading {
  if (reading.actions.length === 0) return reading
  const comments = linesOfCode(fence).flatMap(
    ({ text }) => /(?:^|\s)(?:#|\/\/|;)\s*(.+)$/.exec(text)?.[1] ?? [],
  )
  const qualifiers = comments.flatMap(comment => qualifierIn(comment, flags.environments) ?? [])
  if (qualifiers.length === 0) return reading
  const actions = reading.actions.map(action => withQualifiers({ ...action, confidence: 'low' }, qualifiers))
  return { ...reading, actions }
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
  const lineOf = (node: Node) => first + counter.linePos(node.range?.[0] ?? 0).line
  const readValue = (node: Scalar, path: string[]): void => {
    const whole = flags.byKey.get(path.join('.'))
    const flag = whole ?? flagAtEnd(path, flags)
    if (flag) note(reading, flag, node.value, lineOf(node), whole ? 'high' : 'low')
  }
  const walk = (node: unknown, path: string[]): void => {
    if (path.length > DEEPEST || isAlias(node)) return
    if (isMap(node)) readRecord(node, path, flags, reading, lineOf)
    else if (isScalar(node)) readValue(node, path)
    for (const [name, child] of childrenOf(node)) walk(child, [...path, name])
  }
  for (const document of documents) walk('contents' in document ? document.contents : undefined, [])
}

function childrenOf(node: unknown): [name: string, child: unknown][] {
  if (isSeq(node)) return node.items.map(item => ['-', item])
  if (!isMap(node)) return []
  return node.items.flatMap(({ key, value }) => (isScalar(key) ? [[String(key.value), value]] : []))
}

/** `features: { ai_v1: false }`: the key, and something above it that this service does not know. */
function flagAtEnd(path: readonly string[], flags: KnownFlags): KnownFlag | undefined {
  for (let from = 1; from < path.length; from++) {
    const flag =
      flags.byKey.get(path.slice(from).join('.')) ?? flags.byVariable.get(path.slice(from).join('.'))
    if (flag) return flag
  }
  return undefined
}

const NAMES = ['flag', 'key', 'name', 'flagKey', 'flag_key', 'id', 'toggle', 'feature']
const VALUES = [
  'value',
  'enabled',
  'state',
  'on',
  'active',
  'defaultVariant',
  'variant',
  'variation',
  'default',
]

/** `{ flag: ai_v1, value: false }`, or `ai_v1: { enabled: false }`. */
function readRecord(
  map: YAMLMap,
  path: readonly string[],
  flags: KnownFlags,
  reading: FlagReading,
  lineOf: (node: Node) => number,
): void {
  const scalar = (names: readonly string[]) =>
    names.map(name => map.get(name, true)).find((node): node is Node & { value: unknown } => isScalar(node))
  const value = scalar(VALUES)
  if (!value) return
  const named = scalar(NAMES)?.value
  const above = path.at(-1) ?? ''
  const flag = (typeof named === 'string' ? flags.byKey.get(named) : undefined) ?? flags.byKey.get(above)
  if (!flag || flags.byKey.has(`${path.join('.')}.${VALUES.find(name => map.has(name))}`)) return
  note(reading, flag, value.value, lineOf(value), 'low')
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
      .replace(/\s+[#;].*$/, '')
      .replace(/^(["'])(.*)\1$/, '$2')
    if (flag && value !== '') note(reading, flag, value, line, 'high')
  }
}

function note(
  reading: FlagReading,
  flag: KnownFlag,
  value: unknown,
  line: number,
  confidence: 'high' | 'low',
): void {
  const variant = variantOf(flag, value)
  if (variant === undefined) reading.oddities.push({ flag: flag.key, said: String(value), line })
  else reading.actions.push(actionOf(flag, variant, line, confidence))
}
