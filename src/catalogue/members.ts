// Reads the members of one map by name and by form, and reports what is missing, misspelt or of another form.
// The rules about flags are elsewhere.

import { didYouMean, nearest, quote, type Report } from './faults.js'
import { describe, type YamlList, type YamlMapping, type YamlNode } from './yaml.js'

/** Controls but tab and line feed, separators and turns of the reading direction: they would act on who shows them. */
const CONTROL = /(?![\t\n])\p{Cc}|[\u2028-\u202e\u2066-\u2069]/u

export type TextRule = { required?: string; lines?: 'one' | 'many'; max?: number }

export class Members {
  readonly path: string
  readonly line: number
  readonly report: Report
  readonly #map: YamlMapping['members']

  /** `line` is where what is missing would be looked for: where the map's own name stands. */
  constructor(path: string, map: YamlMapping, report: Report, line = map.line) {
    this.path = path
    this.line = line
    this.report = report
    this.#map = map.members
  }

  /** `flags.ai_v1.state`; only the name at the top of the file. */
  pathOf(name: string): string {
    return this.path === '' ? name : `${this.path}.${name}`
  }

  lineOf(name: string): number {
    return this.#map.get(name)?.line ?? this.line
  }

  names(): string[] {
    return [...this.#map.keys()]
  }

  node(name: string): YamlNode | undefined {
    return this.#map.get(name)?.node
  }

  fault(name: string, message: string): void {
    this.report(this.lineOf(name), `${this.pathOf(name)} ${message}`)
  }

  /** Reports what is not in `known`; `elsewhere` says of a name that it belongs somewhere else. */
  refuseUnknown(known: readonly string[], elsewhere: (name: string) => string | undefined): void {
    for (const name of this.names()) {
      if (known.includes(name)) continue
      const cure = elsewhere(name) ?? this.#spelling(name, known)
      this.report(this.lineOf(name), `${this.pathOf(name)} is not a known member${cure}`)
    }
  }

  #spelling(name: string, known: readonly string[]): string {
    return nearest(name, known) === undefined ? `; known are ${known.join(', ')}` : didYouMean(name, known)
  }

  /** Text, trimmed. Undefined where it is missing or not text; that is a fault if `required` says what to write. */
  text(name: string, rule: TextRule = {}): string | undefined {
    const node = this.node(name)
    if (node === undefined) {
      if (rule.required !== undefined) this.fault(name, `is missing: ${rule.required}`)
      return undefined
    }
    if (node.kind !== 'scalar' || typeof node.value !== 'string') {
      this.fault(name, `must be text, not ${describe(node)}${this.#quoteIt(node)}`)
      return undefined
    }
    const text = node.value.trim()
    return this.#wellFormed(name, text, rule) ? text : undefined
  }

  #quoteIt(node: YamlNode): string {
    if (node.kind !== 'scalar') return ''
    return node.value === null
      ? ': write a value or remove the member'
      : `: put it in quotes, "${String(node.value)}"`
  }

  #wellFormed(name: string, text: string, { lines = 'one', max = 200 }: TextRule): boolean {
    if (text === '') this.fault(name, 'is blank: write a value or remove the member')
    else if (text.length > max) this.fault(name, `is ${text.length} characters long: at most ${max}`)
    else if (lines === 'one' && text.includes('\n'))
      this.fault(name, 'must be one line: fold it with `>-`, or shorten it')
    else if (CONTROL.test(text)) this.fault(name, 'holds a control character: remove it')
    else return true
    return false
  }

  /** One of a closed list. */
  choice<T extends string>(name: string, choices: readonly T[], rule: TextRule = {}): T | undefined {
    const text = this.text(name, rule)
    if (text === undefined) return undefined
    const found = choices.find(choice => choice === text)
    if (found === undefined) {
      this.fault(name, `${quote(text)} is not one of ${choices.join(', ')}${didYouMean(text, choices)}`)
    }
    return found
  }

  wholeNumber(name: string, from: number, to: number): number | undefined {
    const node = this.node(name)
    if (node === undefined) return undefined
    const value = node.kind === 'scalar' ? node.value : undefined
    if (typeof value === 'number' && Number.isInteger(value) && value >= from && value <= to) return value
    const unquote = typeof value === 'string' && /^[0-9]+$/.test(value) ? '; take the quotes off' : ''
    this.fault(name, `must be a whole number from ${from} to ${to}, not ${describe(node)}${unquote}`)
    return undefined
  }

  map(name: string, required?: string): Members | undefined {
    const node = this.node(name)
    if (node?.kind === 'map') return new Members(this.pathOf(name), node, this.report, this.lineOf(name))
    if (node !== undefined)
      this.fault(name, `must be a map of \`name: value\` lines, but it is ${describe(node)}`)
    else if (required !== undefined) this.fault(name, `is missing: ${required}`)
    return undefined
  }

  list(name: string): YamlList['items'] {
    const node = this.node(name)
    if (node === undefined) return []
    if (node.kind === 'list') return node.items
    this.fault(name, `must be a list of \`- \` items, but it is ${describe(node)}`)
    return []
  }
}
