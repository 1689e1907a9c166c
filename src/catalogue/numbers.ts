// Numbers that would not come out of the log as they are in the file. Asked of every number that somebody is answered with
// or compared to: variants, targeting, metadata.

import type { YamlNode } from './yaml.js'

/** JSON keeps no infinity, and no integer past 2^53. Undefined where the number is kept. */
export function faultOfNumber(value: number): string | undefined {
  if (!Number.isFinite(value)) return `is ${value}, which JSON cannot say: write a number`
  if (Number.isInteger(value) && !Number.isSafeInteger(value))
    return 'is a whole number too large to be kept exactly: put it in quotes'
  return undefined
}

/** Every such number within, with its place: `.if[1].==[2]`. */
export function* faultyNumbers(
  node: YamlNode,
  path = '',
): Generator<{ path: string; line: number; fault: string }> {
  if (node.kind === 'map')
    for (const [name, member] of node.members) yield* faultyNumbers(member.node, `${path}.${name}`)
  else if (node.kind === 'list')
    for (const [at, item] of node.items.entries()) yield* faultyNumbers(item, `${path}[${at + 1}]`)
  else if (typeof node.value === 'number') {
    const fault = faultOfNumber(node.value)
    if (fault !== undefined) yield { path, line: node.line, fault }
  }
}
