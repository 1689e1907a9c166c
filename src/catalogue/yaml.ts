// Reads YAML 1.2 text into a plain tree with lines, and reports everything that makes a file ambiguous: syntax errors,
// members written twice, aliases, tags. It knows nothing of flags and never throws.

import {
  type Document,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type ParsedNode,
  Parser,
  parseDocument,
  Scalar,
  type YAMLMap,
} from 'yaml'
import { quote, type Report } from './faults.js'

/** The composer of `yaml` calls itself for each level and ends the whole process when the stack is full. */
const MAX_DEPTH = 40

type YamlScalar = {
  kind: 'scalar'
  line: number
  value: string | number | boolean | null
  quoted: boolean
}
export type YamlMapping = {
  kind: 'map'
  line: number
  /** In the order written; each with the line of its name. */
  members: ReadonlyMap<string, { line: number; node: YamlNode }>
}
export type YamlList = { kind: 'list'; line: number; items: readonly YamlNode[] }
export type YamlNode = YamlScalar | YamlMapping | YamlList

type Reading = { lines: LineCounter; report: Report }

/** The tree, or undefined where the text is not YAML or is empty; then a fault says why. */
export function readYaml(text: string, report: Report): YamlNode | undefined {
  const tooDeep = lineBelow(text, MAX_DEPTH)
  if (tooDeep !== undefined) {
    report(tooDeep, `is nested more than ${MAX_DEPTH} levels deep: a catalogue file needs no more than ten`)
    return undefined
  }
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: false, // compared pair by pair there; told with both lines here
    stringKeys: true,
    schema: 'core',
    merge: false,
    resolveKnownTags: false,
    logLevel: 'error', // 'silent' would also leave out what stands after a second `---`
  })
  if (reportSyntax(document, { lines, report })) return undefined
  if (document.contents === null || emptyScalar(document.contents)) {
    report(1, 'is empty: write `flags:` with at least one flag below it, or remove the file')
    return undefined
  }
  return convert(document.contents, '', { lines, report })
}

const emptyScalar = (node: ParsedNode): boolean => isScalar(node) && node.value === null

/** The line where the text goes deeper than `limit`, found without recursion. */
function lineBelow(text: string, limit: number): number | undefined {
  const lines = new LineCounter()
  const waiting: { token: unknown; depth: number }[] = []
  for (const token of new Parser(lines.addNewLine).parse(text)) waiting.push({ token, depth: 0 })
  while (waiting.length > 0) {
    const { token, depth } = waiting.pop()!
    if (typeof token !== 'object' || token === null) continue
    const { items, value, offset } = token as {
      items?: { key?: unknown; value?: unknown }[]
      value?: unknown
      offset?: number
    }
    if (depth > limit) return lines.linePos(offset ?? 0).line
    if (typeof value === 'object') waiting.push({ token: value, depth })
    for (const item of items ?? []) {
      waiting.push({ token: item.key, depth: depth + 1 }, { token: item.value, depth: depth + 1 })
    }
  }
  return undefined
}

const CURES: Readonly<Record<string, string>> = {
  MULTIPLE_DOCS:
    'keep one document per file: remove the `---` and what follows, or move it to a file of its own',
  TAB_AS_INDENT: 'indent with spaces: YAML does not take tabs',
  BAD_INDENT: 'line the member up with its neighbours',
  MISSING_CHAR: 'close the quote or bracket, or add the missing colon',
  TAG_RESOLVE_FAILED: 'remove the tag: a catalogue holds plain text, numbers, true and false',
}

function reportSyntax(document: Document, { lines, report }: Reading): boolean {
  const problems = [...document.errors, ...document.warnings]
  for (const { pos, code, message } of problems.slice(0, 20)) {
    const what = code === 'MULTIPLE_DOCS' ? 'a second document' : message
    const cure = CURES[code] ?? 'the usual cause is a missing quote, colon or space just above'
    report(lines.linePos(pos[0]).line || 1, `is not readable as YAML: ${quote(what).slice(1, -1)}; ${cure}`)
  }
  const version = document.directives?.yaml
  if (problems.length === 0 && version?.explicit === true && version.version !== '1.2') {
    report(
      1,
      `asks for YAML ${version.version}, where on, off, yes and no are booleans: remove the %YAML line`,
    )
    return true
  }
  return problems.length > 0
}

function convert(node: ParsedNode, path: string, reading: Reading): YamlNode {
  const line = reading.lines.linePos(node.range[0]).line || 1
  if (isMap(node)) return convertMap(node as YAMLMap<ParsedNode, ParsedNode | null>, path, line, reading)
  if (isSeq(node)) {
    const items = (node.items as ParsedNode[]).map((item, at) => convert(item, `${path}[${at + 1}]`, reading))
    return { kind: 'list', line, items }
  }
  if (isScalar(node)) {
    const quoted = node.type === Scalar.QUOTE_DOUBLE || node.type === Scalar.QUOTE_SINGLE
    return { kind: 'scalar', line, value: node.value as YamlScalar['value'], quoted }
  }
  reading.report(
    line,
    `${path || 'the file'} is an alias (${'*'}${node.source}): write the value out, so that who reads the file at night sees it`,
  )
  return { kind: 'scalar', line, value: null, quoted: false }
}

function convertMap(
  map: YAMLMap<ParsedNode, ParsedNode | null>,
  path: string,
  line: number,
  reading: Reading,
): YamlMapping {
  const members = new Map<string, { line: number; node: YamlNode }>()
  for (const { key, value } of map.items) {
    const name = isScalar<string>(key) ? key.value : ''
    const keyLine = reading.lines.linePos(key.range[0]).line || line
    const own = path === '' ? name : `${path}.${name}`
    const first = members.get(name)
    if (first !== undefined) {
      reading.report(keyLine, `${own} is written twice (first at line ${first.line}): keep one of the two`)
    } else if (name === '__proto__') {
      reading.report(keyLine, `${own} is not a usable name: remove it`)
    } else {
      const node: YamlNode =
        value === null
          ? { kind: 'scalar', line: keyLine, value: null, quoted: false }
          : convert(value, own, reading)
      members.set(name, { line: keyLine, node })
    }
  }
  return { kind: 'map', line, members }
}

/** The tree as a plain value; members of maps become own properties. */
export function toValue(node: YamlNode): unknown {
  if (node.kind === 'scalar') return node.value
  if (node.kind === 'list') return node.items.map(toValue)
  return Object.fromEntries([...node.members].map(([name, member]) => [name, toValue(member.node)]))
}

/** `a list`, `the text "x"`, `nothing`: what stands there, for a message. */
export function describe(node: YamlNode): string {
  if (node.kind !== 'scalar') return node.kind === 'map' ? 'a map' : 'a list'
  if (node.value === null) return 'empty'
  if (typeof node.value === 'string') return `the text ${quote(node.value)}`
  return `the ${typeof node.value} ${String(node.value)}`
}
