// Fences: what each is (commands, configuration, a template, a diagram, other code), and the steps commented commands are.

import type { Code } from 'mdast'
import { linesOfCode } from './document.js'
import { type Draft, draftOf } from './drafts.js'
import { isTemplate } from './left-out.js'
import { proseOfLine } from './prose.js'
import { looksLikeCommand } from './wording.js'

export type FenceKind = 'commands' | 'config' | 'template' | 'diagram' | 'code'

const SHELL =
  /^(ba|z|k|fi)?sh$|^(shell|shell-?session|console|terminal|powershell|pwsh|ps1|cmd|bat|batch|sql|pgsql|mysql|redis)$/
const CONFIG = /^(ya?ml|jsonc?|json5|properties|env|dotenv|ini)$/
const DIAGRAM = /^(mermaid|plantuml|puml|dot|graphviz|d2)$/
const MESSAGE_TITLE = /communicat|announc|notif|status (update|page)|kommunikation/i

export const languageOf = (fence: Code): string =>
  (fence.lang ?? '').toLowerCase().replace(/[^a-z0-9-].*$/, '')

export function fenceKind(fence: Code, above: readonly string[]): FenceKind {
  const language = languageOf(fence)
  if (DIAGRAM.test(language)) return 'diagram'
  if (SHELL.test(language)) return 'commands'
  if (above.some(isTemplate) || /^\s*\/incident\s+update\b/.test(fence.value)) return 'template'
  if (CONFIG.test(language)) return 'config'
  if (!['', 'text', 'txt', 'plain', 'plaintext'].includes(language)) return 'code'
  const lines = fence.value.split('\n', 40)
  if (lines.some(line => looksLikeCommand(line))) return 'commands'
  return above.some(title => MESSAGE_TITLE.test(title)) ? 'template' : 'code'
}

/** One step per comment and the commands below it; uncommented commands are one step, marked bare. */
export function stepsOfCommands(fence: Code): Draft[] {
  const comment = commentOf(languageOf(fence))
  const lines = linesOfCode(fence).filter(({ text }) => !text.startsWith('#!'))
  const steps: Draft[] = []
  let wasComment = false
  for (const { text, line } of lines) {
    const said = text.trim()
    const isComment = comment.test(said)
    const says = /[\p{L}\p{N}]/u.test(said) && !(isComment && steps.length > 0 && isAnswer(said, comment))
    if (says && ((isComment && !wasComment) || steps.length === 0))
      steps.push(stepOfLine(said, line, isComment, comment))
    else if (says && !isComment) steps.at(-1)!.commands!.push({ text: said, line })
    wasComment = isComment && (says || wasComment)
  }
  return steps
}

/** "# Expected: 200 OK" below a command is what to see, not what to do. */
const isAnswer = (said: string, comment: RegExp): boolean =>
  /^(expected|expect:|should|output|result|returns?\b|response:|example|e\.g\.|->|=>|✓|✅)/i.test(
    said.replace(comment, ''),
  )

function stepOfLine(said: string, line: number, isComment: boolean, comment: RegExp): Draft {
  const text = isComment ? said.replace(comment, '').trim() || said : said.replace(/^(\$|>|PS>)\s+/, '')
  return { ...draftOf(proseOfLine(text, line), 'command'), commands: [], isBare: !isComment }
}

function commentOf(language: string): RegExp {
  if (/sql/.test(language)) return /^--\s*/
  if (/^(cmd|bat|batch)$/.test(language)) return /^(rem\s+|::\s*)/i
  return /^#+\s*/
}
