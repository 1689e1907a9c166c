// killswitch incident: the group of the verbs of an incident's day. Each has a file of its own beside this one.

import type { Command } from 'commander'
import type { Cli, Verb } from '../plumbing/context.js'
import { incidentAdoptVerb } from './adopt.js'
import { incidentChangeVerb } from './change.js'
import { incidentDeclareVerb } from './declare.js'
import { incidentListVerb } from './list.js'
import { incidentMessageVerb } from './message.js'
import { incidentNoteVerb } from './note.js'
import { incidentPostmortemVerb } from './postmortem.js'
import { incidentReopenVerb } from './reopen.js'
import { incidentResolveVerb } from './resolve.js'
import { incidentShowVerb } from './show.js'
import { incidentStepVerb } from './step.js'

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
