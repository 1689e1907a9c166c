// The caller's floor: what a caller has seen of the log. An instance that has not seen as much may be on a store that lost
// it, and must neither answer nor acknowledge as if it knew.

import { by, KillswitchError } from '../errors.js'
import { entryId } from './audit.js'

/** The highest place seen, and the log it was seen of; of this one, where it is not said. */
export type Seen = { place: number; log?: string }

/** A floor of another log says nothing here. */
export const isBehind = (seen: Seen, log: string | undefined, place: number): boolean =>
  (seen.log ?? log) === log && seen.place > place

export const behind = ({ place: floor }: Seen, revision: number): KillswitchError =>
  new KillswitchError(
    'behind',
    `You have seen entry ${entryId(floor)}, and this instance is at ${entryId(revision)}: history may be missing here.`,
    { revision, floor, wayOut: [by('Ask another instance, or this one again in a moment.')] },
  )
