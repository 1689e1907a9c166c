// How often app instances send receipts, and how long one counts.
// Dependency-free, because sdk/ compiles this file in.

/** SDKs repeat theirs this often, give or take a fifth; an instance is lost after 45 s and forgotten after 24 h. */
export const RECEIPT_INTERVAL_MS = 15_000
export const LOST_AFTER_MS = 45_000
export const FORGOTTEN_AFTER_MS: number = 24 * 3_600_000
export const HEARTBEAT_MS = 5_000
