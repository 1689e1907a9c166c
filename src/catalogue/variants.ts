// The variants of a flag: there are some, they are of one type, and it is the type that was meant. YAML makes it easy to
// write the text "false" for the boolean, and an app that asks for a boolean then gets its own default: no kill at all.

import type { FlagValue } from '../wire/words.js'
import { quote } from './faults.js'
import type { Members } from './members.js'
import { faultOfNumber } from './numbers.js'
import { describe, toValue, type YamlNode } from './yaml.js'

export type Variants = Readonly<Record<string, FlagValue>>

const VARIANT_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/
const BOOLEAN_WORDS: Readonly<Record<string, boolean>> = {
  true: true,
  on: true,
  yes: true,
  false: false,
  off: false,
  no: false,
}

type Read = { name: string; value: FlagValue; type: string }

/** All variants, or undefined where a fault was found: nothing further can be said about such a flag. */
export function readVariants(flag: Members): Variants | undefined {
  const map = flag.map(
    'variants',
    'write the values the flag can have, for example `variants: { on: true, off: false }`',
  )
  if (map === undefined) return undefined
  const names = map.names()
  if (names.length === 0)
    flag.fault('variants', 'is empty: write at least the normal value and the kill value')
  const read = names.map(name => readVariant(map, name))
  const all = read.filter(variant => variant !== undefined)
  if (all.length < names.length || names.length === 0) return undefined
  return isOneType(map, all) ? Object.fromEntries(all.map(({ name, value }) => [name, value])) : undefined
}

function readVariant(map: Members, name: string): Read | undefined {
  if (!VARIANT_NAME.test(name)) {
    map.fault(
      name,
      'is not a variant name: use letters, digits, `_`, `.` and `-`, beginning with a letter or digit',
    )
    return undefined
  }
  const node = map.node(name)!
  if (node.kind === 'list') {
    map.fault(name, 'is a list, and flagd has no such variants: put it in a map, `{ items: [...] }`')
    return undefined
  }
  return isStorable(node, problem => map.fault(name, problem))
    ? typed(name, toValue(node) as FlagValue)
    : undefined
}

const typed = (name: string, value: FlagValue): Read => ({ name, value, type: typeof value })

/** The log would hold another value than the file. */
function isStorable(node: YamlNode, fault: (problem: string) => void): boolean {
  if (node.kind === 'map') return [...node.members.values()].every(member => isStorable(member.node, fault))
  if (node.kind === 'list') return node.items.every(item => isStorable(item, fault))
  const problem =
    node.value === null
      ? 'is empty: write a value'
      : typeof node.value === 'number'
        ? faultOfNumber(node.value)
        : undefined
  if (problem !== undefined) fault(problem)
  return problem === undefined
}

function isOneType(map: Members, variants: Read[]): boolean {
  const first = variants[0]!
  const boolean = variants.find(({ type }) => type === 'boolean')
  if (boolean === undefined && variants.every(({ value }) => meantBoolean(value) !== undefined)) {
    const meant = variants.map(({ name, value }) => `${name}: ${meantBoolean(value)}`)
    map.report(
      map.line,
      `${map.path} are texts that read like true and false (${shown(variants)}): an app that asks for a boolean would get its own default and no kill; write ${meant.join(', ')}`,
    )
    return false
  }
  const leading = boolean ?? first
  const odd = variants.filter(({ type }) => type !== leading.type)
  for (const { name, value } of odd) {
    map.fault(
      name,
      `is ${describe(map.node(name)!)} beside the ${leading.type} ${leading.name}: all variants of a flag are of one type${cure(value, leading)}`,
    )
  }
  return odd.length === 0
}

function cure(value: FlagValue, leading: Read): string {
  const meant = meantBoolean(value)
  if (leading.type === 'boolean' && meant !== undefined) return `; write ${meant} without quotes`
  if (
    leading.type === 'number' &&
    typeof value === 'string' &&
    value !== '' &&
    Number.isFinite(Number(value))
  ) {
    return '; take the quotes off'
  }
  return leading.type === 'string' && typeof value !== 'object'
    ? `; put it in quotes, "${String(value)}"`
    : ''
}

/** What the text was meant to be, where it reads like a boolean. */
const meantBoolean = (value: FlagValue): boolean | undefined =>
  typeof value === 'string' && Object.hasOwn(BOOLEAN_WORDS, value.toLowerCase())
    ? BOOLEAN_WORDS[value.toLowerCase()]
    : undefined

const shown = (variants: Read[]): string =>
  variants.map(({ name, value }) => `${name}: ${quote(value)}`).join(', ')
