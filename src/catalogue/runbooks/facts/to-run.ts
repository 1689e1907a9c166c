// What a step has to run and to open, whole: its commands, its links, and what a command of it would wipe.

import type { Step } from '../../../wire/runbook.js'
import { linesOfCode } from '../structure/document.js'
import type { Draft } from '../structure/drafts.js'
import { fenceKind } from '../structure/fences.js'
import { type Prose, proseOfLine } from '../structure/prose.js'
import { looksLikeCommand } from '../structure/wording.js'
import { dangersIn, distinct } from './destructive.js'

const MOST = 50

export function toRun(draft: Draft): Pick<Step, 'commands' | 'links' | 'dangers'> {
  const texts = [draft.prose, ...draft.more]
  const commands = [
    ...new Set([...texts.flatMap(inText), ...ofComment(draft), ...draft.fences.flatMap(ofFence)]),
  ]
  const links = [...(draft.lead ? [draft.lead] : []), ...texts].flatMap(prose => prose.links ?? [])
  const lines = [...(draft.commands ?? []), ...draft.fences.flatMap(fence => linesOfCode(fence))]
  const dangers = distinct(
    [...texts, ...lines.map(({ text, line }) => proseOfLine(text, line))].flatMap(dangersIn),
  )
  return {
    ...(commands.length > 0 && { commands: commands.slice(0, MOST) }),
    ...(links.length > 0 && { links: links.slice(0, MOST).map(({ title, url }) => ({ title, url })) }),
    ...(dangers.length > 0 && { dangers: dangers.slice(0, MOST) }),
  }
}

/** In a code span. */
const inText = ({ text, codes }: Prose): string[] =>
  codes.map(({ from, to }) => text.slice(from, to)).filter(looksLikeCommand)

/** The lines below a comment, or the command that nobody commented with those below it. */
function ofComment({ isBare, prose, commands = [] }: Draft): string[] {
  const lines = [...(isBare ? [prose.text] : []), ...commands.map(({ text }) => text)]
  return lines.length > 0 ? [lines.join('\n')] : []
}

const ofFence = (fence: Draft['fences'][number]): string[] =>
  ['template', 'diagram'].includes(fenceKind(fence, [])) ? [] : [fence.value]
