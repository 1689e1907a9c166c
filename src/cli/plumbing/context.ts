// What every verb is given: the terminal, and the way to the service that its options describe.

import { type Command, InvalidArgumentError } from 'commander'
import { Client } from '../client/client.js'
import { relativeTime } from '../incident/dates.js'
import { spanMs } from '../print/time.js'
import { EXIT, type Exit, UsageError } from './exit.js'
import { formatOf } from './output.js'
import { type GlobalOptions, readSettings } from './settings.js'
import type { Terminal } from './terminal.js'

export type Cli = {
  terminal: Terminal
  /** How the command will end, unless it throws. */
  exit: Exit
}

/** Adds one verb to the program, or to its group. */
export type Verb = (group: Command, cli: Cli) => void

export const newCli = (terminal: Terminal): Cli => ({ terminal, exit: EXIT.done })

export const connect = async (command: Command): Promise<Client> =>
  new Client(await readSettings(command.optsWithGlobals<GlobalOptions>()))

/** Whether a program reads the answer; the terminal makes YAML of it where that was asked for. */
export const isJson = (command: Command): boolean => ['json', 'yaml'].includes(formatOf(command) ?? '')

/** What a command line gives of a body: members that were not given are undefined, and left out by `given`. */
export type Of<Body> = { [K in keyof Body]: Body[K] | undefined }

/** The members that were given. */
export const given = <T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as never

/** `?a=1&b=2&b=3` of the members that were given; empty where none was. */
export function queryOf(members: Record<string, string | number | boolean | string[] | undefined>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(members))
    for (const each of [value].flat()) if (each !== undefined) query.append(name, String(each))
  return query.size > 0 ? `?${query.toString()}` : ''
}

export const incidentPath = (id: string): string => `/v1/incidents/${encodeURIComponent(id)}`

/** For options that may be given more than once. */
export const several = (value: string, before: string[] | undefined): string[] => [...(before ?? []), value]

export function seconds(value: string): number {
  const span = /^\d+(\.\d+)?$/.test(value) ? Number(value) * 1000 : spanMs(value)
  if (span !== undefined && span <= 3_600_000) return span / 1000
  throw new InvalidArgumentError('Give seconds, such as 5, or 90s, or 2m.')
}

/** `2h` ago, a day as people say it, or a time as it is given; the service checks that one. */
export function pastTime(value: string): string {
  const now = Date.now()
  const span = spanMs(value.replace(/^-/, ''))
  if (span !== undefined) return new Date(now - span).toISOString()
  const said = relativeTime(value, now)
  if (said !== undefined) return said
  if (/^\d{4}-\d\d-\d\d/.test(value)) return value
  throw new InvalidArgumentError(
    'Give how long ago (30m, 2h, 3d), yesterday, today, or a time such as 2026-11-20T03:00:00Z.',
  )
}

export function wholeNumber(value: string): number {
  if (/^\d{1,6}$/.test(value) && Number(value) > 0) return Number(value)
  throw new InvalidArgumentError('Give a whole number from 1 on.')
}

/** A question answered with yes; refused where nobody can answer. */
export async function confirm(terminal: Terminal, question: string, isYes: boolean): Promise<boolean> {
  if (isYes) return true
  if (!terminal.canAsk)
    throw new UsageError(
      'This asks before it acts, and this is not a terminal: look at the above, then give --yes.',
    )
  return /^y(es)?$/i.test(await terminal.ask(`${question} [y/N] `))
}
