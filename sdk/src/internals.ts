// What tests put in the place of the world. No user's option: nothing here is exported from the package.

import type { Incoming, ReleaseRule } from './follow/apply.js'
import type { Disk } from './keep/cache.js'
import type { Runtime } from './runtime.js'

/** What stands in for the service in a user's tests. */
export type Feed = { take(incoming: Incoming): void; confirm(): void; lose(): void }

/** For tests: the world, the disk, the rule that the negative control takes away, and a service in memory. */
export type Internals = {
  runtime?: Runtime
  /** In the place of the cache file; then no session is kept on disk either. */
  disk?: Disk
  mayRelease?: ReleaseRule
  feed?: (feed: Feed) => void
}
