// A receipt: what one app instance says it has applied. Soft state, gathered by the service, the proof of a kill.
// Dependency-free, because sdk/ compiles this file in.

export type Boot = 'service' | 'cache' | 'bootstrap' | 'unknown'

export type Receipt = {
  /** Unique per running app process. */
  instance: string
  app: string
  log: string
  /** The revision in force in that process. */
  revision: number
  /** RFC 3339, the instance's clock. */
  appliedAt: string
  /** Name and version of the SDK: `killswitch-js/0.1.0`. */
  sdk: string
  startedAt: string
  /** What the process came up from. */
  boot: Boot
  /** An orderly shutdown: not a loss. */
  closing?: boolean
  /** Flags forced to their kill variant by the environment or a file, past the service. */
  forced?: string[]
  /** What contradicts the largest checkpoint this instance remembers: the log was cut, rewritten or split. */
  fork?: string
}

/** SDKs repeat theirs this often, give or take a fifth; an instance is lost after 45 s and forgotten after 24 h. */
export const RECEIPT_INTERVAL_MS = 15_000
export const LOST_AFTER_MS = 45_000
export const FORGOTTEN_AFTER_MS = 24 * 3_600_000
export const HEARTBEAT_MS = 5_000
