// The short code of a step: what one person reads to another over the phone. It comes from the runbook's id and the
// step's text alone, never from a number or a line, so renumbering and moving leave it as it is.

import { createHash } from 'node:crypto'
import type { Runbook, Step } from '../../wire/runbook.js'

// The letters of proquints (arxiv.org/abs/0901.4016), consonant and vowel in turn: a code can be said as a word.
const CONSONANTS = 'bdfghjklmnprstvz'
const VOWELS = 'aiou'
const SHORTEST = 5
const LONGEST = 31

/**
 * The same runbooks with their codes settled among each other. A text that stands once in its runbook is hashed with
 * the runbook's id only. A text that stands there more than once is hashed with its section and the text of the step
 * it is nested in as well (and, if even those are the same, with its place among its equals), for each of them: a code
 * may become unknown by an edit, but never means another step. Codes that collide grow, all of them, by a letter.
 */
export function withCodes(runbooks: readonly Runbook[]): Runbook[] {
  const keys = runbooks.flatMap(runbook => keysOf(runbook))
  const codes = distinct(keys.map(key => lettersOf(key)))
  let next = 0
  return runbooks.map(runbook => ({
    ...runbook,
    steps: runbook.steps.map(step => ({ ...step, code: codes[next++]! })),
  }))
}

function keysOf(runbook: Runbook): string[] {
  const texts = new Map<string, number>()
  for (const step of runbook.steps) texts.set(spoken(step), (texts.get(spoken(step)) ?? 0) + 1)
  const byId = new Map(runbook.steps.map(step => [step.id, step]))
  const seen = new Map<string, number>()
  return runbook.steps.map(step => {
    const plain = [runbook.id, spoken(step)]
    if (texts.get(spoken(step)) === 1) return JSON.stringify(plain)
    const parent = step.parent === undefined ? undefined : byId.get(step.parent)
    const section = step.id.slice(runbook.id.length, -step.ordinal.length)
    const key = JSON.stringify([...plain, section, parent ? spoken(parent) : ''])
    const nth = (seen.get(key) ?? 0) + 1
    seen.set(key, nth)
    return nth === 1 ? key : `${key}${nth}`
  })
}

const spoken = (step: Step) => step.text.normalize('NFC').toLowerCase().replace(/\s+/g, ' ').trim()

function lettersOf(key: string): string {
  const bytes = createHash('sha256').update(key).digest()
  return Array.from(bytes.subarray(0, LONGEST), (byte, index) =>
    index % 2 === 0 ? CONSONANTS[byte % 16]! : VOWELS[byte % 4]!,
  ).join('')
}

function distinct(letters: string[]): string[] {
  const lengths = letters.map(() => SHORTEST)
  for (let grown = true; grown; ) {
    const users = new Map<string, number[]>()
    letters.forEach((word, index) => {
      const code = word.slice(0, lengths[index])
      users.set(code, [...(users.get(code) ?? []), index])
    })
    const collided = [...users.values()].filter(same => same.length > 1).flat()
    for (const index of collided) lengths[index]!++
    grown = collided.some(index => lengths[index]! < LONGEST)
  }
  return letters.map((word, index) => word.slice(0, lengths[index]))
}
