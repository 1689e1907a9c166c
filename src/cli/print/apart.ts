// App instances that stand apart from the log, a line each with the reason, by application.

import type { Housekeeping } from '../../wire/housekeeping.js'
import type { ApartFound } from '../client/apart.js'
import type { Style } from './style.js'

type Apart = Housekeeping['apart'][number]

const NAMED = 3

export const apartLine = ({ app, instance, detail }: Apart): string => `${instance} (${app}) ${detail}`

/** Below what is in force, as in these apps it may be something else. */
export function apartLines(found: ApartFound, app: string | undefined, style: Style): string[] {
  if (found === undefined)
    return [style.yellow('! Whether app instances stand apart from the log is not known: killswitch fleet')]
  if ('sentence' in found) return [style.yellow(`! ${found.sentence}`)]
  const concerned = found.instances.filter(each => app === undefined || each.app === app)
  const more = concerned.length - NAMED
  return [
    ...concerned.slice(0, NAMED).map(each => style.yellow(`! ${apartLine(each)}`)),
    ...(more > 0 ? [style.yellow(`! and ${more} more: killswitch fleet`)] : []),
  ]
}
