// What this process says it has applied. Types of this package's own; wire.ts proves that they are the service's.

/** What the process came up from. */
export type Boot = 'service' | 'cache' | 'bootstrap' | 'unknown'

/** The newest change or snapshot that was taken in: it answers every flip up to it. */
export type Answer = { log: string; revision: number; hash: string }

export type Receipt = {
  /** Unique per running app process; of a session: the name it was given. */
  instance: string
  app: string
  log: string
  /** The highest revision seen of that log. */
  revision: number
  /** RFC 3339, the instance's clock. */
  appliedAt: string
  /** Name and version of the SDK: `killswitch-js/0.1.0`. */
  sdk: string
  startedAt: string
  boot: Boot
  /** The session's secret. Without one a receipt proves nothing, and has none of the members up to `closing`. */
  session?: string
  /** 1, 2, 3 ... within the process, whatever its sessions: the highest of a session counts. */
  number?: number
  answer?: Answer
  /** Of flags that are or were just killed: the kill variant evaluated to, or null at the normal behaviour. 500 at most. */
  inForce?: Record<string, string | null>
  /** Ids of provisional holds in force. 500 at most. */
  provisional?: string[]
  /** Flags held though what is answered does not hold them, with the ids of the holds. 500 flags of 50 at most. */
  holding?: Record<string, string[]>
  /** As the service gave them, of holds that what is answered does not have: a log that lost a hold has it again. 50 at most. */
  warrants?: string[]
  /** An orderly shutdown: not a loss. */
  closing?: boolean
  /** Flags forced to their kill variant by the environment or a file, past the service. */
  forced?: string[]
  /** What contradicts the largest checkpoint this instance remembers: the log was cut, rewritten or split. */
  fork?: string
}
