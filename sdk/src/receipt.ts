// What this process says it has applied. Types of this package's own; wire.ts proves that they are the service's.

/** What the process came up from. */
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
  boot: Boot
  /** An orderly shutdown: not a loss. */
  closing?: boolean
  /** Flags forced to their kill variant by the environment or a file, past the service. */
  forced?: string[]
  /** What contradicts the largest checkpoint this instance remembers: the log was cut, rewritten or split. */
  fork?: string
}
