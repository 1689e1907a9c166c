// What every refusal and failure must carry, by its code. Every answer of a test's server goes through here.

import assert from 'node:assert/strict'
import { STATUS } from '../../src/http/plumbing/errors.js'
import { SHAPES } from '../../src/http/plumbing/shapes.js'
import { oneLine } from '../../src/text/characters.js'
import { Problem } from '../../src/wire/problem.js'
import type { ErrorCode } from '../../src/wire/words.js'
import { strictAjv } from './shapes.js'

const ajv = strictAjv()
for (const shape of SHAPES) if (shape.$id !== 'Problem') ajv.addSchema(shape)
/** With no member but those that it declares. */
const isProblem = ajv.compile({ ...Problem, additionalProperties: false })

/** The members without which a client could not go on. Of several lists one is enough. */
export const MEMBERS: Readonly<Record<ErrorCode, readonly string[][]>> = {
  'malformed-request': [],
  'payload-too-large': [],
  'unsupported-media-type': [['wayOut']],
  'not-acceptable': [['offered', 'wayOut']],
  unauthenticated: [['wayOut']],
  forbidden: [['needed', 'role', 'wayOut'], ['applications']],
  'unknown-route': [['wayOut']],
  'method-not-allowed': [['methods', 'wayOut']],
  'unknown-flag': [['flag', 'wayOut'], ['verdicts']],
  'unknown-step': [['near', 'candidates', 'wayOut'], ['step']],
  'ambiguous-step': [['near', 'candidates', 'wayOut']],
  'step-mismatch': [
    ['step', 'near', 'candidates', 'wayOut'],
    ['step', 'call'],
  ],
  'unknown-runbook': [['runbooks']],
  'unknown-template': [['templates']],
  'unknown-entry': [['wayOut']],
  'unknown-flip': [['flip', 'wayOut']],
  'unknown-instance': [['wayOut']],
  'instance-live': [['wayOut']],
  'too-many-instances': [['wayOut']],
  'unknown-session': [['wayOut']],
  'nothing-to-reconcile': [['wayOut']],
  'unknown-incident': [['incident', 'wayOut']],
  'unknown-severity': [['scale']],
  'incident-exists': [['incident', 'wayOut']],
  'incident-open': [['incident', 'open', 'wayOut']],
  'incident-resolved': [['incident', 'wayOut']],
  'nothing-to-adopt': [['flag']],
  'not-held': [['incident', 'flag', 'held', 'wayOut']],
  'no-log-key': [['wayOut']],
  'not-extended': [['wayOut']],
  'log-present': [['entries', 'head']],
  'nothing-to-redate': [['wayOut']],
  'clocks-apart': [['wayOut']],
  'nothing-to-release': [['holds']],
  'nothing-to-run': [['step', 'children']],
  'choose-flags': [['step', 'call']],
  'precondition-failed': [['etag', 'holds', 'wayOut']],
  'key-reused': [['flip', 'wayOut']],
  behind: [['revision', 'floor', 'wayOut']],
  overloaded: [['wayOut']],
  'too-many-requests': [['wayOut']],
  'too-many-streams': [['wayOut']],
  'no-known-state': [],
  'store-unavailable': [],
  'outcome-unknown': [],
  'not-signed': [],
  'history-lost': [],
  'journal-broken': [],
  'out-of-files': [['cause', 'wayOut']],
  configuration: [],
  'catalogue-refused': [['faults']],
  internal: [],
}

/** Of the shape on the wire, with the status of its code, with its members, and with a detail that is made of them. */
export function assertProblem(problem: Problem): void {
  assert.ok(isProblem(problem), `${JSON.stringify(problem)}: ${ajv.errorsText(isProblem.errors)}`)
  const { code, status, detail, message, wayOut = [] } = problem
  // what is hardly HTTP has a status of its own
  if (code !== 'malformed-request') assert.equal(status, STATUS[code], code)
  const sets = MEMBERS[code]
  const has = (member: string) => member in problem
  assert.ok(
    sets.length === 0 || sets.some(each => each.every(has)),
    `${code} lacks one of ${JSON.stringify(sets)}: ${JSON.stringify(problem)}`,
  )
  for (const part of [message, ...wayOut.map(({ text }) => text)])
    assert.ok(detail.includes(oneLine(part)), `"${part}" is not in the detail: ${detail}`)
}
