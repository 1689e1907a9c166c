// Flags that commands flip: this service's own command line and paths, assignments to a key or its variable, and other
// tools' words beside a key. Only our own are sure; what another tool does with a word is a guess.

import type { Code } from 'mdast'
import { linesOfCode } from './document.js'
import { actionOf, type FlagReading, type KnownFlag, type KnownFlags, variantOf } from './flag-values.js'
import { isNegated } from './flip-verbs.js'
import { lineAt, type Prose } from './prose.js'

type Said = { variant: string | undefined; isSure: boolean }

const LONGEST = 2000

/** The code spans of running text that are commands to run, not commands that are forbidden or talked about. */
export function readCodes(prose: Prose, flags: KnownFlags): FlagReading {
  const reading: FlagReading = { actions: [], oddities: [] }
  for (const { from, to } of prose.codes) {
    const before = prose.text.slice(0, from)
    if (isNegated(before) || TALKED_ABOUT.test(before)) continue
    readLine(prose.text.slice(from, to), lineAt(prose, from), flags, reading)
  }
  return reading
}

/** The lines of a fence of commands; a comment is none. */
export function readCommands(fence: Code, flags: KnownFlags): FlagReading {
  const reading: FlagReading = { actions: [], oddities: [] }
  for (const { text, line } of linesOfCode(fence))
    if (!/^\s*(#|\/\/|--\s)/.test(text)) readLine(text.trim(), line, flags, reading)
  return reading
}

/** One command as it would be typed. */
export function readLine(text: string, line: number, flags: KnownFlags, reading: FlagReading): void {
  if (!flags.keys || text.length > LONGEST || !/\s|\//.test(text) || LOOKS_ONLY.test(text)) return
  for (const { 0: key, index } of text.matchAll(flags.keys)) {
    const flag = flags.byKey.get(key) ?? flags.byVariable.get(key)
    const said = flag && saidOf(flag, text.slice(0, index), text.slice(index + key.length))
    if (flag && said?.variant !== undefined)
      reading.actions.push(actionOf(flag, said.variant, line, said.isSure ? 'high' : 'low'))
  }
}

const TALKED_ABOUT =
  /\b(after|before|if|when|once|that|whether|verify|check|confirm|expect(ed)?|see|instead of|like|e\.g\.|output|shows?|returns?)\b[^,:;]*$/i
const LOOKS_ONLY =
  /^(\$\s+)?(sudo\s+)?(grep|rg|cat|less|tail|head|echo|jq|test|watch|awk|diff|git|ls|redis-cli\s+(get|keys|scan|monitor))\b/i
const OWN_COMMAND = /\b(?:killswitch|cli --)\s+(?:-\S+\s+)*(kill|restore)\b[^|;&]*$/
const OWN_PATH = /^\/(kill|restore)\b/
const ASSIGNED = /^\s?[=:]\s?["']?([\p{L}\p{N}_.-]+)/u
const SETS =
  /^(\$\s+)?(export\b|set\b|setx\b|env\b|kubectl\s+set\s+env\b|helm\b.*--set\b|heroku\s+config:set\b)/i
const WORDS_OFF = /(?:^|[\s/:-])(disable|off|deactivate|kill|stop)(?![\p{L}\p{N}_])/iu
const WORDS_ON = /(?:^|[\s/:-])(enable|on|activate|restore|resume)(?![\p{L}\p{N}_])/iu
const SET = /(?:^|[\s/:-])(set|hset|put|update|toggle|variation)(?![p{L}p{N}_])/i

function saidOf(flag: KnownFlag, before: string, after: string): Said | undefined {
  const own =
    OWN_COMMAND.exec(before)?.[1] ?? (/\/flags\/$/.test(before) ? OWN_PATH.exec(after)?.[1] : undefined)
  if (own) return { variant: own === 'kill' ? flag.killVariant : flag.defaultVariant, isSure: true }
  const assigned = ASSIGNED.exec(after)?.[1]
  if (assigned) return { variant: variantOf(flag, assigned), isSure: SETS.test(before) }
  const words = before + after
  if (SET.test(before)) {
    const value = /^["']?(?:\s+|\s+--?[\w-]+[\s=])["']?([\p{L}\p{N}_.-]+)/u.exec(after)?.[1]
    const variant = value === undefined ? undefined : variantOf(flag, value)
    if (variant !== undefined) return { variant, isSure: false }
  }
  const [off, on] = [WORDS_OFF.test(words), WORDS_ON.test(words)]
  return off === on ? undefined : { variant: variantOf(flag, on), isSure: false }
}
