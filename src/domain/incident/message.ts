// The runbook's communication templates, filled from the newest notes. What cannot be filled stays in its brackets and is
// listed: nothing is made up, and no example value of a template goes out as if it were true.

import { inMessage } from '../../text/chat.js'
import type { Message } from '../../wire/message.js'
import type { Template } from '../../wire/runbook.js'
import { toSecond } from '../clock.js'
import { by, KillswitchError } from '../errors.js'
import { applicationNames, between, type Facts, factsOf, type PostmortemSource } from './postmortem-facts.js'

/** The template a kind means: by a word of its title, or by its tag (`[RESOLVED]`). Throws `unknown-template`. */
export function templateOf(templates: readonly Template[], kind: string): Template {
  const asked = kind.toLowerCase()
  const found = templates.find(({ title, text }) => {
    const words = `${title} ${/^\[(\w+)\]/.exec(text)?.[1] ?? ''} ${/^\/\w+ (\w+)/.exec(text)?.[1] ?? ''}`
    return words
      .toLowerCase()
      .split(/[^a-z0-9]+/)
      .some(word => word !== '' && (word === asked || asked.startsWith(word)))
  })
  if (found) return found
  const names = templates.map(template => template.title)
  throw new KillswitchError(
    'unknown-template',
    names.length === 0
      ? 'No runbook of this incident has message templates.'
      : `The runbook of this incident has no template "${kind}": it has ${names.join(', ')}.`,
    {
      templates: names,
      ...(names.length > 0 ? { wayOut: [by('Name one by a word of its title.')] } : {}),
    },
  )
}

export function messageOf(source: PostmortemSource, template: Template): Message {
  const facts = factsOf(source)
  const text = template.text
    .split('\n')
    .map(line => filledLine(line, source, facts))
    .join('\n')
  const body = text.replace(/^\[\w+\]/, '')
  const unfilled = [...new Set([...body.matchAll(/\[[^\]\n]+\]/g)].map(([bracket]) => bracket))]
  return { title: template.title, line: template.line, text: asWritten(text), unfilled }
}

/** What people wrote, as it stands in a message. Its brackets are none of the template's. */
const quoted = (words: string): string =>
  inMessage(words)
    .replace(/[\ue000\ue001]/g, '\ufffd')
    .replaceAll('[', '\ue000')
    .replaceAll(']', '\ue001')
const asWritten = (text: string): string => text.replaceAll('\ue000', '[').replaceAll('\ue001', ']')

/** A line with a label and a value, or running text with brackets. */
function filledLine(line: string, source: PostmortemSource, facts: Facts): string {
  const tagged = /^(\[[A-Z]+\])\s+\S+:\s+\S/.exec(line)
  if (tagged)
    return `${tagged[1]} ${source.incident.severity ?? '[severity]'}: ${quoted(source.incident.title)}`
  const [, label = '', value = ''] = /^([A-Za-z][A-Za-z ]{2,30}):\s+(.+)$/.exec(line) ?? []
  if (label === '' || label === 'Status') return inBrackets(line, source, facts)
  if (/^https?:/.test(value) && !value.includes('[')) {
    const page = source.incident.links.findLast(link => /status/i.test(link.title))?.url
    return `${label}: ${page === undefined ? `[${label.toLowerCase()}]` : quoted(page)}`
  }
  const known = /\[.*\[/.test(value) ? undefined : labelled(label.toLowerCase(), source, facts)
  if (known !== undefined) return `${label}: ${known}`
  return value.includes('[') ? inBrackets(line, source, facts) : `${label}: [${label.toLowerCase()}]`
}

function labelled(label: string, source: PostmortemSource, facts: Facts): string | undefined {
  if (/impact/.test(label)) return newest(facts.notes.impact)
  if (/cause/.test(label)) return newest(facts.notes.cause)
  if (/resolution/.test(label)) return newest(facts.notes.resolution)
  if (/^start/.test(label)) return toSecond(facts.start)
  if (/duration/.test(label)) return facts.end === undefined ? undefined : between(facts.start, facts.end)
  if (/severity/.test(label)) return source.incident.severity
  if (/^affected/.test(label)) return applicationNames(source)
  if (/prevent/.test(label)) return actions(facts)
  return undefined
}

const actions = ({ notes }: Facts): string | undefined =>
  notes.action.length === 0
    ? undefined
    : notes.action.map(({ note }) => quoted(note?.text ?? '').replace(/\.$/, '')).join('; ')

const newest = (notes: Facts['notes']['update']): string | undefined => {
  const text = notes.at(-1)?.note?.text
  return text === undefined ? undefined : quoted(text)
}

/** Running text: each bracket that the log can speak for. A tag such as [RESOLVED] is none. */
function inBrackets(line: string, source: PostmortemSource, facts: Facts): string {
  return line.replace(/\[([^\]\n]+)\](\.?)/g, (bracket, inside: string, stop: string) => {
    if (/^[A-Z]+$/.test(inside)) return bracket
    const known = bracketed(inside.toLowerCase(), source, facts)
    // a note may end with a full stop where the template has its own
    return known === undefined ? bracket : `${stop ? known.replace(/\.$/, '') : known}${stop}`
  })
}

function bracketed(inside: string, source: PostmortemSource, facts: Facts): string | undefined {
  if (/symptom|impact|effect|notice/.test(inside)) return newest(facts.notes.impact)
  if (/feature/.test(inside)) return applicationNames(source)
  if (/what (is|was) wrong|title/.test(inside)) return quoted(source.incident.title)
  if (/explanation|cause|why|one sentence/.test(inside)) return newest(facts.notes.cause)
  if (/what was done|fix/.test(inside)) return newest(facts.notes.resolution)
  if (/keeps it from/.test(inside)) return actions(facts)
  if (/region|component/.test(inside)) return applicationNames(source)
  if (/start/.test(inside)) return toSecond(facts.start)
  if (/end time|until/.test(inside)) return facts.end === undefined ? undefined : toSecond(facts.end)
  if (/duration|minutes/.test(inside))
    return facts.end === undefined ? undefined : between(facts.start, facts.end)
  if (/number|id/.test(inside)) return source.incident.id
  return undefined
}
