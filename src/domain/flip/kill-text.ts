// What a person gives with a kill, as the log can keep it. A kill is never refused for its text: the text is cleaned and cut,
// and a warning says so.

import { cleaned, hasOdd } from '../../text/characters.js'
import type { Warning } from '../../wire/hold.js'
import { INCIDENT_ID, INCIDENT_ID_WORDS } from '../../wire/words.js'
import { by } from '../errors.js'
import { withoutTokens } from '../token-form.js'

type Given = { reason?: string; step?: string; incident?: string }
export type KillText = Given & { warnings: Warning[] }

const MOST_REASON = 2000
const MOST_STEP = 300
/** Of what is no name, so much is told. */
const MOST_NAMED = 80

/** Blank is not given. */
export function killTextOf({ reason = '', step = '', incident = '' }: Given): KillText {
  const named = withoutTokens(cleaned(step)).slice(0, MOST_STEP)
  const kept = cut(withoutTokens(cleaned(reason)))
  const tracked = withoutTokens(cleaned(incident))
  const isName = INCIDENT_ID.test(tracked)
  return {
    ...(named === '' ? {} : { step: named }),
    ...(kept === '' ? {} : { reason: kept }),
    ...(isName ? { incident: tracked } : {}),
    warnings: [...changesOf(reason), ...(isName || tracked === '' ? [] : [leftOut(tracked)])],
  }
}

function leftOut(incident: string): Warning {
  const named = incident.length > MOST_NAMED ? `${incident.slice(0, MOST_NAMED)}...` : incident
  return {
    code: 'incident-left-out',
    detail: `This kill has no incident: ${JSON.stringify(named)} is no name of one. A name has ${INCIDENT_ID_WORDS}.`,
    wayOut: [by('Adopt the flag under the incident, by its name.')],
  }
}

/** Between characters: half of one is none. */
const cut = (text: string): string =>
  text.slice(0, text.codePointAt(MOST_REASON - 1)! > 0xffff ? MOST_REASON - 1 : MOST_REASON)

function changesOf(reason: string): Warning[] {
  const { length } = cleaned(reason)
  const left = [
    ...(withoutTokens(reason) === reason
      ? []
      : ['what looks like a token is left out: if it is one, revoke it']),
    ...(hasOdd(reason) ? ['characters that cannot be seen, or that act on a screen, are left out'] : []),
    ...(length > MOST_REASON ? [`of ${length} characters the first ${MOST_REASON} are kept`] : []),
  ]
  if (left.length === 0) return []
  return [
    {
      code: 'reason-changed',
      detail: `The log does not have the reason as it was sent: ${left.join('; ')}.`,
    },
  ]
}
