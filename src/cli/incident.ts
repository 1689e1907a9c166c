// killswitch incident: the group of the verbs of an incident's day. Each has a file of its own beside this one.

import type { Command } from 'commander'
import type { Cli, Verb } from './context.js'
import { incidentAdoptVerb } from './incident-adopt.js'
import { incidentChangeVerb } from './incident-change.js'
import { incidentDeclareVerb } from './incident-declare.js'
import { incidentListVerb } from './incident-list.js'
import { incidentMessageVerb } from './incident-message.js'
import { incidentNoteVerb } from './incident-note.js'
import { incidentPostmortemVerb } from './incident-postmortem.js'
import { incidentReopenVerb } from './incident-reopen.js'
import { incidentResolveVerb } from './incident-resolve.js'
import { incidentShowVerb } from './incident-show.js'
import { incidentStepVerb } from './incident-step.js'

const VERBS: Verb[] = [
  incidentDeclareVerb,
  incidentAdoptVerb,
  incidentNoteVerb,
  incidentStepVerb,
  incidentChangeVerb,
  incidentShowVerb,
  incidentListVerb,
  incidentMessageVerb,
  incidentResolveVerb,
  incidentReopenVerb,
  incidentPostmortemVerb,
]

export function incidentVerbs(program: Command, cli: Cli): void {
  const group = program
    .command('incident')
    .summary('declare, note, follow, resolve, reopen, write up')
    .description('Incidents: kill first, declare later is the normal order.')
  for (const verb of VERBS) verb(group, cli)
}
