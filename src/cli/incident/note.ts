// killswitch incident note: writes down what is known, done or told; some kinds start a clock of the runbook anew.

import { type Command, Option } from 'commander'
import type { Note } from '../../wire/entry.js'
import { NOTE_KINDS } from '../../wire/words.js'
import { type Cli, given, type Of } from '../plumbing/context.js'
import { day } from './dates.js'
import { workOn } from './sending.js'

type Options = { kind: Note['kind']; to?: string; owner?: string; due?: string }

export function incidentNoteVerb(group: Command, cli: Cli): void {
  group
    .command('note')
    .description(
      'Writes a note. "progress" puts off the escalations, "update" the next update; "recovered" starts the recovery wait and stops the escalations; "escalated" stops the one it was.',
    )
    .argument('<id>', 'the incident')
    .argument('<text>', 'what there is to say')
    .addOption(new Option('-k, --kind <kind>', 'what it is').choices(NOTE_KINDS).default('progress'))
    .option('--to <whom>', 'of an escalation: who was called')
    .option('--owner <name>', 'of an action: whose it is')
    .option('--due <day>', 'of an action: by when: a date, tomorrow, friday, +3d', text => day(text))
    .addHelpText(
      'after',
      '\nExamples:\n  killswitch incident note INC-42 "Found the failing region"\n  killswitch incident note INC-42 -k escalated "No progress for half an hour" --to "Page lead"\n  killswitch incident note INC-42 -k action "Alert on duplicate keys" --owner ana --due 2026-12-01',
    )
    .action((id: string, text: string, { kind, to, owner, due }: Options, command: Command) =>
      workOn(cli, command, id, 'notes', given({ kind, text, to, owner, due } satisfies Of<Note>)),
    )
}
