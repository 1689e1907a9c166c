// What is said of a time before the log: nothing of it is known.

import { toSecond } from '../domain/clock.js'
import type { LogState } from '../log/state.js'

export async function beginningOf({ find }: LogState, signal: AbortSignal): Promise<string> {
  const [first] = (await find.rows({}, { order: 'oldest', signal }).next()).value ?? []
  return first === undefined
    ? 'The log is empty: nothing is known.'
    : `The log begins at ${toSecond(first.facts.at)}: what was before it is not known.`
}
