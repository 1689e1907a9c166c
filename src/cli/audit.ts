// killswitch audit: the group of the verbs that read the log. Each has a file of its own beside this one.

import type { Command } from 'commander'
import { auditCountsVerb } from './audit-counts.js'
import { auditExportVerb } from './audit-export.js'
import { auditImportVerb } from './audit-import.js'
import { auditQueryVerb } from './audit-query.js'
import { auditRedateVerb } from './audit-redate.js'
import { auditRekeyVerb } from './audit-rekey.js'
import { auditRolesVerb } from './audit-roles.js'
import { auditTailVerb } from './audit-tail.js'
import { auditVerifyVerb } from './audit-verify.js'
import { auditVerifyProofVerb } from './audit-verify-proof.js'
import { auditWitnessVerb } from './audit-witness.js'
import type { Cli, Verb } from './context.js'

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
