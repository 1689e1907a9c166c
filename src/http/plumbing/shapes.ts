// The shapes of the wire by their names: what one shape refers to another by, and what the OpenAPI document lists.

import type { TSchema } from 'typebox'
import * as audit from '../../wire/audit.js'
import * as auditQuestions from '../../wire/audit-questions.js'
import * as catalogue from '../../wire/catalogue.js'
import * as convergence from '../../wire/convergence.js'
import * as credentials from '../../wire/credentials.js'
import * as entry from '../../wire/entry.js'
import * as flag from '../../wire/flag.js'
import * as flip from '../../wire/flip.js'
import * as health from '../../wire/health.js'
import * as hold from '../../wire/hold.js'
import * as housekeeping from '../../wire/housekeeping.js'
import * as incident from '../../wire/incident.js'
import * as incidentAct from '../../wire/incident-act.js'
import * as insights from '../../wire/insights.js'
import * as instance from '../../wire/instance.js'
import * as message from '../../wire/message.js'
import * as ofrep from '../../wire/ofrep.js'
import * as problem from '../../wire/problem.js'
import * as receipt from '../../wire/receipt.js'
import * as runbook from '../../wire/runbook.js'
import * as snapshot from '../../wire/snapshot.js'
import * as way from '../../wire/way.js'

export type Shape = TSchema & { $id: string }

const nouns = [
  audit,
  auditQuestions,
  catalogue,
  convergence,
  credentials,
  entry,
  flag,
  flip,
  health,
  hold,
  housekeeping,
  incident,
  incidentAct,
  insights,
  instance,
  message,
  ofrep,
  receipt,
  runbook,
  snapshot,
  problem,
  way,
]

const isShape = (value: unknown): value is Shape => typeof (value as { $id?: unknown }).$id === 'string'

export const SHAPES: readonly Shape[] = nouns.flatMap(noun => Object.values<unknown>(noun)).filter(isShape)
