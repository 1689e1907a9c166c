// What an entry says of the app instances, in a sentence: what was proved of a flip, who was forgotten, what was released in
// the apps. The sentence of a proof is made in proof.ts.

import type { Entry } from '../log/audit.js'
import { proofSentence, provenBy } from './proof.js'

type Told = Pick<Entry, 'application' | 'confirmed' | 'forgotten' | 'reconciled'>

const NAMED = 3

/** Undefined for an entry that says nothing of them. */
export function fleetWords({ application, confirmed, forgotten, reconciled }: Told): string | undefined {
  const about = application === undefined ? {} : { application }
  if (confirmed !== undefined) return proofSentence({ ...provenBy(confirmed), ...about })
  if (forgotten !== undefined) {
    const names = forgotten.map(({ instance }) => instance)
    const count = `${names.length} app instance${names.length === 1 ? '' : 's'}`
    return `forgot ${count}${application ? ` of ${application}` : ''}: ${shortList(names)}`
  }
  if (reconciled !== undefined)
    return `released in the apps${application ? ` of ${application}` : ''}: ${reconciled.map(({ flag }) => flag).join(', ')}`
  return undefined
}

const shortList = (names: readonly string[]): string =>
  names.length <= NAMED
    ? names.join(', ')
    : `${names.slice(0, NAMED).join(', ')} and ${names.length - NAMED} more`
