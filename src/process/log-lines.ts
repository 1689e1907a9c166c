// Lines of the process log of one cause are counted beyond a few a second, so that nobody who may send requests fills the disk,
// and nothing else is hidden among them.

import type { LoggerOptions } from 'pino'

/** Of one cause in one second; then a count. */
const PER_SECOND = 20
const SECOND_MS = 1_000
/** What is beyond is one cause. */
const MOST_CAUSES = 1_000

type Cause = { since: number; lines: number; tell?: NodeJS.Timeout }
type LogMethod = NonNullable<NonNullable<LoggerOptions['hooks']>['logMethod']>

/** A hook of pino's, with a memory of its own. */
export function counting(): LogMethod {
  const causes = new Map<string, Cause>()
  return function count(args, method, level) {
    const now = performance.now()
    const name = nameIn(causes, causeOf(args, level), now)
    const known = causes.get(name)
    const cause: Cause =
      known !== undefined && now - known.since < SECOND_MS ? known : { since: now, lines: 0 }
    causes.set(name, cause)
    if (++cause.lines <= PER_SECOND) return method.apply(this, args)
    cause.tell ??= setTimeout(() => {
      causes.delete(name)
      const more = cause.lines - PER_SECOND
      const [fields, text] = args as unknown as [unknown, string | undefined]
      const kept = typeof fields === 'object' ? codeIn(fields) : undefined
      const said = `... and ${more} more of this kind in the last second: ${typeof fields === 'string' ? fields : text}`
      method.apply(this, [{ more, ...(kept === undefined ? {} : { code: kept }) }, said] as never)
    }, SECOND_MS).unref()
  }
}

/** Its own, or where there are too many that of all others. */
function nameIn(causes: Map<string, Cause>, name: string, now: number): string {
  if (causes.has(name) || causes.size < MOST_CAUSES) return name
  for (const [old, { since }] of causes) if (now - since >= SECOND_MS) causes.delete(old)
  return causes.size < MOST_CAUSES ? name : ''
}

const codeIn = (fields: unknown): string | undefined => {
  const { code } = Object(fields) as { code?: unknown }
  return typeof code === 'string' ? code : undefined
}

/** Its code, or else its words; and whose request it was, as one person's lines do not hide another's. */
function causeOf(args: readonly unknown[], level: number): string {
  const [fields, text] = args
  const { actor, status } = Object(typeof fields === 'object' ? fields : {}) as Record<string, unknown>
  const what = codeIn(fields) ?? (typeof fields === 'string' ? fields : text)
  return [level, what, actor, status].map(part => (typeof part === 'object' ? '' : String(part))).join(' ')
}
