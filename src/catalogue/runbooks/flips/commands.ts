// Flags that commands flip: this service's own command line and paths, assignments to a key or its variable, and other
// tools' values and words beside a key. Only our own are sure; what another tool does with a word is a guess.

import type { Code } from 'mdast'
import { linesOfCode } from '../structure/document.js'
import { lineAt, type Prose } from '../structure/prose.js'
import {
  actionOf,
  type FlagReading,
  type KnownFlag,
  type KnownFlags,
  nothingRead,
  variantOf,
} from './flag-values.js'
import { isNegated } from './flip-verbs.js'
import { qualifierIn, withQualifiers } from './qualifiers.js'

type Said = { variant: string | undefined; isSure: boolean }

const LONGEST = 2000

/** The code spans of running text that are commands to run, not commands that are forbidden or talked about. */
export function readCodes(prose: Prose, flags: KnownFlags): FlagReading {
  const reading = nothingRead()
  for (const { from, to } of prose.codes) {
    if (to - from < 4 || !mayFlip(prose.text.slice(from, to))) continue
    const before = prose.text.slice(Math.max(0, from - LONGEST), from)
    if (isNegated(before) || TALKED_ABOUT.test(before)) continue
    const line = lineAt(prose, from)
    readLine(prose.text.slice(from, to), () => line, flags, reading)
  }
  return reading
}

/** The commands of a fence, each whole however many lines it has; a comment is none. */
export function readCommands(fence: Code, flags: KnownFlags): FlagReading {
  const reading = nothingRead()
  const lines = linesOfCode(fence).filter(({ text }) => !/^\s*(#|\/\/|--\s)/.test(text))
  for (const command of wholeCommands(lines)) readLine(command.text, command.lineAt, flags, reading)
  return reading
}

type Line = { text: string; line: number }
type Command = { text: string; lineAt: (at: number) => number }

const MOST_LINES = 40

/** Lines that go on behind a backslash, inside quotes, or to the semicolon that ends a statement. */
export function* wholeCommands(lines: readonly Line[]): Generator<Command> {
  for (let first = 0; first < lines.length; ) {
    let text = lines[first]!.text.trim()
    const starts = [{ from: 0, line: lines[first]!.line }]
    let next = first + 1
    while (next < lines.length && next - first < MOST_LINES && text.length < LONGEST && goesOn(text)) {
      text = text.replace(/\\$/, ' ')
      starts.push({ from: text.length, line: lines[next]!.line })
      text += ` ${lines[next]!.text.trim()}`
      next++
    }
    yield { text, lineAt: at => starts.findLast(({ from }) => from <= at)!.line }
    first = next
  }
}

const goesOn = (text: string): boolean =>
  text.endsWith('\\') ||
  (text.match(/'/g)?.length ?? 0) % 2 === 1 ||
  (STATEMENT.test(text) && !/;\s*$/.test(text))

/** One command as it would be typed; `lineOf` is the source line of a place in it. */
export function readLine(
  text: string,
  lineOf: (at: number) => number,
  flags: KnownFlags,
  reading: FlagReading,
): void {
  if (!flags.keys || text.length > LONGEST || !mayFlip(text)) return
  for (const { 0: key, index } of text.matchAll(flags.keys)) {
    const flag = flags.byKey.get(key) ?? flags.byVariable.get(key)
    const said = flag && saidOf(flag, text.slice(0, index), text.slice(index + key.length))
    if (!flag || said === undefined) continue
    const line = lineOf(index)
    if (said === 'nothing') reading.denied.push({ flag: flag.key, line })
    if (said === 'nothing' || said.variant === undefined) continue
    const qualifier = qualifierIn(text, flags.environments)
    const action = actionOf(flag, said.variant, line, said.isSure && !qualifier ? 'high' : 'low')
    reading.actions.push(withQualifiers(action, qualifier ? [qualifier] : []))
  }
}

const mayFlip = (text: string): boolean => /\s|\//.test(text) && !LOOKS_ONLY.test(text)

const TALKED_ABOUT =
  /\b(after|before|if|when|once|that|whether|verify|check|confirm|expect(ed)?|see|instead of|like|e\.g\.|output|shows?|returns?)\b[^,:;]*$/i
const LOOKS_ONLY =
  /^(\$\s+)?(sudo\s+)?(grep|rg|cat|less|tail|head|echo|jq|test|watch|awk|diff|git|ls|redis-cli\s+(get|keys|scan|monitor))\b/i
const OWN_COMMAND = /\b(?:killswitch|cli --)\s+(?:-\S+\s+)*(kill|restore)\b[^|;&]*$/
const OWN_PATH = /^\/(kill|restore)\b/
const ASSIGNED = /^["']?\s?[=:]\s?["']?([\p{L}\p{N}_.-]+)/u
const SETS =
  /^(\$\s+)?(export\b|set\b|setx\b|env\b|kubectl\s+set\s+env\b|helm\b.*--set\b|heroku\s+config:set\b)/i
/** Words of another tool that can mean nothing else. What stops or restores may be anything that has the flag's name. */
const WORDS_OFF = /(?:^|[\s/:-])(disable|off|deactivate)(?![\p{L}\p{N}_])/iu
const WORDS_ON = /(?:^|[\s/:-])(enable|on|activate)(?![\p{L}\p{N}_])/iu
const SET = /(?:^|[\s/:-])(set|hset|put|update|toggle|variation)(?![\p{L}\p{N}_])/iu
/** Statements of SQL: `ON` is no switch there, and only what writes rows sets a value. */
const STATEMENT =
  /^\s*(?:select|insert|update|delete|merge|upsert|create|alter|drop|grant|revoke|truncate|with|explain|lock|comment|replace)\s+(?:\S+\s+)*?(?:into|set|from|table|index|on|view|function|role|user|as)\b/i
const WRITES_ROWS = /^\s*(?:update|insert|merge|upsert|replace)\b/i
/** What manages services and files: its words switch those. */
const MANAGES =
  /^(\$\s+)?(sudo\s+)?(systemctl|service|launchctl|supervisorctl|pm2|docker|podman|pg_restore|rc-service|sv|a2dis\w+|a2en\w+)\b/i
/** A name and its value, as in JSON, a query, an option or an assignment. */
const PAIR =
  /(?:["']?([\p{L}_][\p{L}\p{N}_.-]*)["']?\s*[:=]\s*|\s--?([\p{L}][\p{L}\p{N}_.-]*)\s+)["']?([\p{L}\p{N}_.-]+)["']?/gu
const VALUE_NAME =
  /^(?:value|enabled|enable|is_?enabled|active|is_?active|state|status|on|flag_?value|default_?variant|variant|variation|default|disabled)$/i

function saidOf(flag: KnownFlag, before: string, after: string): Said | 'nothing' | undefined {
  const own =
    OWN_COMMAND.exec(before)?.[1] ?? (before.endsWith('/flags/') ? OWN_PATH.exec(after)?.[1] : undefined)
  if (own) return { variant: own === 'kill' ? flag.killVariant : flag.defaultVariant, isSure: true }
  const isStatement = STATEMENT.test(before + after)
  if (isStatement && !WRITES_ROWS.test(before)) return 'nothing'
  const assigned = ASSIGNED.exec(after)?.[1]
  const direct = assigned === undefined ? undefined : variantOf(flag, assigned)
  if (direct !== undefined) return { variant: direct, isSure: SETS.test(before) }
  const paired = pairedValue(flag, `${before} ${after}`)
  if (paired !== undefined) return { variant: paired, isSure: false }
  if (isStatement || MANAGES.test(before)) return MANAGES.test(before) ? 'nothing' : undefined
  return saidInWords(flag, before, after)
}

/** The one value that a name such as `enabled` or `value` has in the command; undefined where there are two. */
function pairedValue(flag: KnownFlag, text: string): string | undefined {
  const found = new Set<string>()
  for (const [, named, option, value] of text.matchAll(PAIR)) {
    const name = named ?? option ?? ''
    if (!VALUE_NAME.test(name)) continue
    const variant = variantOf(flag, /disabled$/i.test(name) ? opposite(value!) : value)
    if (variant !== undefined) found.add(variant)
  }
  return found.size === 1 ? [...found][0] : undefined
}

const opposite = (value: string): string => (value === 'true' ? 'false' : value === 'false' ? 'true' : value)

function saidInWords(flag: KnownFlag, before: string, after: string): Said | undefined {
  if (SET.test(before)) {
    const value = /^["']?(?:\s+|\s+--?[\w-]+[\s=])["']?([\p{L}\p{N}_.-]+)/u.exec(after)?.[1]
    const variant = value === undefined ? undefined : variantOf(flag, value)
    if (variant !== undefined) return { variant, isSure: false }
  }
  const words = before + after
  const [off, on] = [WORDS_OFF.test(words), WORDS_ON.test(words)]
  return off === on ? undefined : { variant: variantOf(flag, on), isSure: false }
}
