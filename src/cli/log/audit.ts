// killswitch audit: the group of the verbs that read the log. Each has a file of its own beside this one.

import type { Command } from 'commander'
import type { Cli, Verb } from '../plumbing/context.js'
import { auditCountsVerb } from './counts.js'
import { auditExportVerb } from './export.js'
import { auditImportVerb } from './import.js'
import { auditQueryVerb } from './query.js'
import { auditRedateVerb } from './redate.js'
import { auditRekeyVerb } from './rekey.js'
import { auditRolesVerb } from './roles.js'
import { auditTailVerb } from './tail.js'
import { auditVerifyVerb } from './verify.js'
import { auditVerifyProofVerb } from './verify-proof.js'
import { auditWitnessVerb } from './witness.js'

const VERBS: Verb[] = [
  auditQueryVerb,
  auditCountsVerb,
  auditRolesVerb,
  auditTailVerb,
  auditExportVerb,
  auditVerifyVerb,
  auditVerifyProofVerb,
  auditWitnessVerb,
  auditImportVerb,
  auditRedateVerb,
  auditRekeyVerb,
]

export function auditVerbs(program: Command, cli: Cli): void {
  const group = program
    .command('audit')
    .summary('the log: query, counts, roles, tail, export, verify, witness, import, redate, rekey')
    .description('The log: who, when, why, from which runbook step.')
  for (const verb of VERBS) verb(group, cli)
}
