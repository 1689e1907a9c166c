// The net under the recogniser: a known key that stands beside anything that could be a flip, in any language and form, and
// led to no action. It is told with its line, so that nothing is lost without a word.

import type { Finding, Step } from '../../../wire/runbook.js'
import type { Saying } from '../facts/sayings.js'
import { lineAt } from '../structure/prose.js'
import { mentionsIn, nearKeysIn } from './flag-mentions.js'
import { type FlagReading, type KnownFlag, type KnownFlags, variantOf } from './flag-values.js'

/** Signs and words that set something, whatever the language. */
const SETS =
  /[=→⇒⟶➜]|->|=>|["'`\s\u0001]:|(?<![\p{L}\p{N}_])(?:true|false|on|off|enabled?|disabled?|enable|disable|null|nil|update|insert|merge|put|patch|post|delete|set|unset|toggle|flip|switch|turn|kill|stop|pause|halt|revert|roll|remove|cut|drop|shut|restore|resume|activate|deactivate|pull|trip|block|suspend|curl|wget|http)(?![\p{L}\p{N}_])/iu
/** Beginnings of words that switch things in the languages there are lists for, and in some there are none for. */
const SWITCHES =
  /(?<!\p{L})(?:de[sz]?-?activ|d[ée]sactiv|deaktiv|aktivier|activ[aeé]|abschalt|ausschalt|einschalt|umschalt|stilllegen|apag|encend|deslig|lig(?:ar|ue)|habilit|d[ei]s[ah]abilit|inhabilit|coup|éteind|allum|bascul|desactiv|disattiv|attiv|spegn|uitschakel|inschakel|wyłącz|włącz|kapat|devre|aç(?:ın|ik|ma)|выключ|включ|отключ|вимкн|увімкн|stäng|slå|stänga|avaktiver)|停|关|閉|禁用|启用|啟用|開|打开|切|無効|有効|オフ|オン|끄|켜|비활성|활성|중지/iu

/** To look whether a flag is off is no flip, unless something follows. */
const CHECKS = /^\W*(?:check|verify|confirm|monitor|watch)\s(?!.*\b(?:and|then|or)\b)/i

const NEAR = 160

/** A finding a key and line; `known` tells what was read, and `languageIsKnown` whether its flips could have been. */
export function unreadFlips(
  runbook: string,
  sayings: readonly Saying[],
  flags: KnownFlags,
  read: FlagReading,
  steps: readonly Step[],
  languageIsKnown: boolean,
): Finding[] {
  const taken = new Set(
    [...read.actions, ...read.oddities, ...read.denied].map(({ flag, line }) => `${flag} ${line}`),
  )
  const found = new Map<string, Finding>()
  const stepAt = new Map(steps.map(step => [step.line, step.id]))
  const tell = (finding: Finding & { flag: string; line: number }) => {
    const step = stepAt.get(finding.line)
    const key = `${finding.flag} ${finding.line}`
    if (!found.has(key)) found.set(key, { ...finding, ...(step && { step }) })
  }
  for (const { prose, kind } of sayings) {
    for (const { said, key, at } of nearKeysIn(prose.text, flags))
      tell({
        code: 'near-key',
        message: `"${said}" is no flag's key, and ${key} is nearly the same: write the key as it is, or rename the flag`,
        runbook,
        line: lineAt(prose, at),
        flag: key,
      })
    for (const { flag, from, to, isName } of mentionsIn(prose, flags)) {
      const line = lineAt(prose, from)
      if (isName || taken.has(`${flag.key} ${line}`) || CHECKS.test(prose.text)) continue
      const around = `${prose.text.slice(Math.max(0, from - NEAR), from)}\u0001${prose.text.slice(to, to + NEAR)}`
      if (!couldFlip(around, flag) && (languageIsKnown || kind === 'heading')) continue
      tell({
        code: 'unread-flip',
        message: `this line names ${flag.key} beside what could be a flip, and the flip is not understood; write it as \`killswitch kill ${flag.key}\`, or link its step in the catalogue`,
        runbook,
        line,
        flag: flag.key,
      })
    }
  }
  return [...found.values()]
}

const couldFlip = (around: string, flag: KnownFlag): boolean =>
  SETS.test(around) ||
  SWITCHES.test(around) ||
  (around.match(/[\p{L}\p{N}_.-]+/gu) ?? []).some(
    word => word.length > 1 && !/^\d+$/.test(word) && variantOf(flag, word) !== undefined,
  )
