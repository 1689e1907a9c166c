// Who is to be reached, and how: roles with what stands beside them, in tables and in lists.

import type { Contact } from '../../../wire/runbook.js'
import { reasonAbove, reasonOfTitle } from '../structure/left-out.js'
import type { Block, Outline } from '../structure/outline.js'
import { cellsOf, isContactTitle, isPlaceholder, titlesOf } from '../structure/tables.js'
import { beginsWithVerb, labelled } from '../structure/wording.js'
import type { Saying } from './sayings.js'

export function contactsOf(outline: Outline, sayings: readonly Saying[]): Contact[] {
  return [
    ...outline.sections.flatMap(({ blocks }) => blocks.flatMap(ofTable)),
    ...sayings.flatMap(said),
  ].sort((one, other) => one.line - other.line)
}

const ROLE =
  /^(role|who|team|group|name|person|position|function|level|rolle|funktion|rol|rôle|papel|equipo|équipe|equipe|角色|役割|担当)(?!\p{L})/u

function ofTable({ node, above }: Block): Contact[] {
  if (node.type !== 'table') return []
  const [head, ...rows] = node.children
  const titles = titlesOf(head)
  const named = titles.findIndex(title => ROLE.test(title))
  const isMeant = named >= 0 || above.some(isAboutContacts)
  const columns = titles.flatMap((title, index) => (isContactTitle(title) && index !== named ? [index] : []))
  if (!isMeant || columns.length === 0) return []
  const role = named >= 0 ? named : titles.findIndex((_, index) => !columns.includes(index))
  return rows.flatMap(row => {
    const cells = cellsOf(row).map(({ text }) => text.trim())
    const contact = columns.flatMap(index => cells[index] || []).filter(text => !isPlaceholder(text))
    const who = cells[role]
    return who ? [{ role: who, contact: contact.join(', '), line: row.position?.start.line ?? 1 }] : []
  })
}

const isAboutContacts = (title: string): boolean => reasonOfTitle(title) === 'contacts'

/** "Primary: [Contact]", "Security team - #sec-oncall": below a title that says so. */
function said({ prose: { text, line }, above, kind }: Saying): Contact[] {
  if ((kind !== 'item' && kind !== 'text') || reasonAbove(above) !== 'contacts') return []
  const label = labelled(text)
  const [, role, contact] = label
    ? [text, label.name, label.rest]
    : (/^(\S[^–—]{0,58}?)\s+[-–—]\s+(\S.*)$/u.exec(text) ?? /^([^：]{1,30})：\s*(\S.*)$/u.exec(text) ?? [])
  if (role === undefined || contact === undefined || isSentence(role, contact)) return []
  return [{ role: role.trim(), contact: contact.trim(), line }]
}

/** "Note: call the lead first" is nobody. */
const isSentence = (role: string, contact: string): boolean =>
  /^(note|hint|tip|important|warning|hinweis|achtung|nota|remarque)\b/i.test(role) ||
  (beginsWithVerb(role) && !/^(contact|support|release|data|platform|on-?call)/i.test(role)) ||
  contact.length > 200
