// What stands around a flip and may make less of it: headings, labels and leads above it, the other sentences of its step,
// the comments in its fences.

import { linesOfCode } from '../structure/document.js'
import type { Draft } from '../structure/drafts.js'
import type { Prose } from '../structure/prose.js'
import { mentionsIn } from './flag-mentions.js'
import type { KnownFlags } from './flag-values.js'
import { type Qualifier, qualifierIn } from './qualifiers.js'

export function contextOf(draft: Draft, above: readonly string[], flags: KnownFlags): Qualifier[] {
  const texts = [
    ...above,
    ...(draft.clauseFrom === undefined ? [] : [draft.prose.text.slice(0, draft.clauseFrom)]),
    ...[draft.prose, ...draft.more].flatMap(prose => sentencesWithoutFlag(prose, flags)),
    ...draft.fences.flatMap(commentsOf),
  ]
  return texts.flatMap(text => qualifierIn(text, flags.environments) ?? [])
}

/** A sentence that names a flag was read word by word. */
function sentencesWithoutFlag(prose: Prose, flags: KnownFlags): string[] {
  const mentions = mentionsIn(prose, flags)
  const ends = Array.from(prose.text.matchAll(/[.;!?](?=\s|$)/g), ({ index }) => index + 1)
  let from = 0
  let next = 0
  return [...ends, prose.text.length].flatMap(to => {
    let isNamed = false
    for (; next < mentions.length && mentions[next]!.from < to; next++) isNamed = true
    const text = prose.text.slice(from, to)
    from = to
    return isNamed || text.trim() === '' ? [] : [text]
  })
}

const commentsOf = (fence: Draft['fences'][number]): string[] =>
  linesOfCode(fence).flatMap(({ text }) => /(?:^|\s)(?:#|\/\/|--)\s*(.+)$/.exec(text)?.[1] ?? [])
