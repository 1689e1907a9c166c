// What a recovery tells whoever put it together.

export type RecoveryEvents = {
  onRecovered: (message: string, fields: object) => void
  /** A try failed, and for another reason than the one before it. */
  onFailed: (why: string) => void
  onFault: (error: unknown) => void
  /** The journal has left a branch. */
  onBranchLeft: () => void
}
