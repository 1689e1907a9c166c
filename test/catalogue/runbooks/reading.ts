// What the tests of this folder share: the flags of the five applications, and reading a text as a runbook.

import { createHash } from 'node:crypto'
import type { KnownFlag } from '../../../src/catalogue/runbooks/flips/flag-values.js'
import { parseRunbook } from '../../../src/catalogue/runbooks/parse.js'
import type { Runbook } from '../../../src/wire/runbook.js'

const flag = (
  key: string,
  variants: KnownFlag['variants'],
  defaultVariant: string,
  killVariant: string,
): KnownFlag => ({
  key,
  variants,
  defaultVariant,
  killVariant,
})

const ON_OFF = { on: true, off: false }

export const FLAGS: KnownFlag[] = [
  flag('ai_v1', ON_OFF, 'on', 'off'),
  flag('kyc_v1', ON_OFF, 'on', 'off'),
  flag('pilot.enabled', ON_OFF, 'on', 'off'),
  flag('pilot.template-version', { v1: 'v1', v2: 'v2', v3: 'v3' }, 'v2', 'v1'),
  flag('chat.degraded-mode', ON_OFF, 'off', 'on'),
  flag('bridge.intake', ON_OFF, 'on', 'off'),
  flag('inflow.llm', ON_OFF, 'on', 'off'),
  flag('enableCheckout', ON_OFF, 'on', 'off'),
  flag('payments/card-capture', ON_OFF, 'on', 'off'),
  flag('SEARCH_V2', ON_OFF, 'on', 'off'),
]

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

export const read = (source: string, id = 'rb'): Runbook =>
  parseRunbook({ id, source, digest: sha256(source), flags: FLAGS })

/** The steps as `id without the runbook | text`. */
export const stepsOf = (source: string): string[] =>
  read(source).steps.map(step => `${step.id.slice(3)} | ${step.text}`)

/** The flag actions as `flag=variant@line confidence`. */
export const actionsOf = (source: string): string[] =>
  read(source).steps.flatMap(step =>
    step.flagActions.map(({ flag, variant, line, confidence }) => `${flag}=${variant}@${line} ${confidence}`),
  )

export const findingsOf = (source: string): string[] =>
  read(source).findings.map(({ code, line }) => `${code}@${line}`)
