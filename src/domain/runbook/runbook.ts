// A runbook as it was read: steps with stable names, the severity scale, timings and templates. Types and look-up only;
// catalogue/runbooks/parse.ts does the reading, step-code.ts makes the codes.

import { distance } from 'fastest-levenshtein'
import type { Runbook, Step } from '../../wire/runbook.js'

export type StepLookup =
  | { outcome: 'found'; runbook: Runbook; step: Step }
  | { outcome: 'ambiguous'; candidates: Step[] }
  | { outcome: 'unknown'; nearest: Step[] }

const ORDINAL = /^\d+(\.\d+)*$/
/** A name longer than this is no name of a step; it is not compared, so that a long one costs nothing. */
const LONGEST_NAME = 400

/**
 * The step a name means: its id, its code, or any shortening that means one step only. A shortening leaves out
 * segments, and words at either end of a segment; its last segment is the ordinal, or is left out as well where the
 * section has one step. Segments given whole are preferred to words of segments, and those to beginnings of words.
 * Case, width, spaces, `_` for `-` and other signs for `/` make no difference where they leave one step.
 */
export function findStep(runbooks: readonly Runbook[], name: string): StepLookup {
  if (name.length > LONGEST_NAME) return { outcome: 'unknown', nearest: [] }
  const asked = tidy(name)
  if (asked === '') return { outcome: 'unknown', nearest: [] }
  const all = runbooks.flatMap(runbook => runbook.steps.map(step => ({ runbook, step })))
  const segments = asked.split('/')
  const spoken = asked.replace(/[-.]/g, '')
  const words = wordsOf(asked)
  const readings: ((step: Step) => boolean)[] = [
    step => step.id === name,
    step => step.id.toLowerCase() === asked,
    step => step.code === asked,
    step => isShortened(step, segments, (segment, part) => segment === part),
    step => isShortened(step, segments, (segment, part) => `-${segment}-`.includes(`-${part}-`)),
    step => step.code === spoken,
    step => isWorded(step, words, (word, part) => word === part),
    step => isWorded(step, words, (word, part) => word.startsWith(part)),
  ]
  for (const means of readings) {
    const matches = all.filter(({ step }) => means(step))
    if (matches.length > 1) return { outcome: 'ambiguous', candidates: matches.map(match => match.step) }
    if (matches[0]) return { outcome: 'found', ...matches[0] }
  }
  return { outcome: 'unknown', nearest: nearestSteps(all, asked) }
}

/** As ids are written, whatever keyboard, page or message it was copied from. */
const tidy = (name: string): string =>
  name
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\p{Cf}`"'“”‘’«»()[\]]/gu, '')
    .trim()
    .replace(/\s*[\\/>›→:|]+\s*/g, '/')
    .replace(/\s+/g, '-')
    .replace(/^[/#-]+|[/.,;!?-]+$/g, '')

/** The words of a name; a "step" or "#" before the number says nothing. */
function wordsOf(asked: string): string[] {
  const words = asked.split(/[^\p{L}\p{N}.]+/u).filter(word => word !== '')
  return ORDINAL.test(words.at(-1) ?? '') && words.at(-2) === 'step' ? words.toSpliced(-2, 1) : words
}

/** Do all the words stand in the id, in their order, with the ordinal last where one is given? */
function isWorded(
  step: Step,
  asked: readonly string[],
  same: (word: string, part: string) => boolean,
): boolean {
  const path = wordsOf(step.id.toLowerCase()).slice(0, -1)
  const last = asked.at(-1)!
  const named = ORDINAL.test(last) ? asked.slice(0, -1) : asked
  if (named.length === 0 || (named !== asked && last !== step.ordinal)) return false
  let from = 0
  for (const part of named) {
    const at = path.findIndex((word, index) => index >= from && same(word, part))
    if (at < 0) return false
    from = at + 1
  }
  return true
}

/** The runbook of an id, given in any case, or undefined. */
export function findRunbook(runbooks: readonly Runbook[], id: string): Runbook | undefined {
  const asked = id.trim().toLowerCase()
  return (
    runbooks.find(runbook => runbook.id === id) ??
    runbooks.find(runbook => runbook.id.toLowerCase() === asked)
  )
}

function isShortened(step: Step, asked: string[], same: (segment: string, part: string) => boolean): boolean {
  const path = step.id.toLowerCase().split('/').slice(0, -1)
  const last = asked.at(-1)!
  const named = ORDINAL.test(last) ? asked.slice(0, -1) : asked
  if (named.length === 0 || (named !== asked && last !== step.ordinal)) return false
  let from = 0
  for (const part of named) {
    const at = path.findIndex((segment, index) => index >= from && part !== '' && same(segment, part))
    if (at < 0) return false
    from = at + 1
  }
  return true
}

/** Up to three steps whose id, short form or code is a slip of the pen away. */
function nearestSteps(all: { step: Step }[], asked: string): Step[] {
  const furthest = Math.max(2, Math.floor(asked.length * 0.35))
  return all
    .map(({ step }) => ({ step, far: Math.min(...formsOf(step, asked).map(form => distance(asked, form))) }))
    .filter(({ far }) => far <= furthest)
    .sort((one, other) => one.far - other.far)
    .slice(0, 3)
    .map(({ step }) => step)
}

/** The ways a step is written: its code where no `/` was given, else as many of its segments as were asked for. */
function formsOf(step: Step, asked: string): string[] {
  if (!asked.includes('/')) return [step.code]
  const segments = step.id.toLowerCase().split('/')
  const count = Math.min(asked.split('/').length, segments.length)
  const tail = segments.slice(segments.length - count)
  return [segments.join('/'), tail.join('/'), [segments[0]!, ...tail.slice(1)].join('/')]
}
