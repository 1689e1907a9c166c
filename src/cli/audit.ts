// killswitch audit: the group of the verbs that read the log. Each has a file of its own beside this one.

import type { Command } from 'commander'
import { auditExportVerb } from './audit-export.js'
import { auditQueryVerb } from './audit-query.js'
import { auditTailVerb } from './audit-tail.js'
import type { Cli, Verb } from './context.js'

const VERBS: Verb[] = [auditQueryVerb, auditTailVerb, auditExportVerb]

export function auditVerbs(program: Command, cli: Cli): void {
  const group = program
    .command('audit')
    .summary('the log: query, tail, export')
    .description('The log: who, when, why, from which runbook step.')
  for (const verb of VERBS) verb(group, cli)
}
