// Time comes from outside: everything that needs the hour takes a Clock, so that a test holds it in its hand.

/** Milliseconds since the Unix epoch, UTC. */
export type Clock = () => number

/** RFC 3339, UTC, milliseconds: `2026-11-20T03:00:00.000Z`. */
export const toTimestamp = (ms: number): string => new Date(ms).toISOString()
