// The evaluation context as JSON carries it, so that a rule reads the same value in this process as behind OFREP: a Date is
// its ISO text, a Map is {}, an undefined member is none. A BigInt, which JSON has no form for, is its digits as text.

/** Deeper than this a context is not looked at but written: it may be a circle. */
const DEEPEST = 32

/**
 * A context that JSON changes nothing of, which is nearly every one, is given back itself.
 * @throws where it cannot be written as JSON: a circle, or a member that throws when it is read
 */
export function asJson(context: object): object {
  return isJson(context, 0) ? context : JSON.parse(JSON.stringify(context, withDigits))
}

/** Allocates nothing. False is always safe: the context is written then. */
function isJson(value: unknown, depth: number): boolean {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return true
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value !== 'object' || depth > DEEPEST) return false
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at++) if (!isJson(value[at], depth + 1)) return false
    return true
  }
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return false
  for (const name in value) if (!isJson((value as Record<string, unknown>)[name], depth + 1)) return false
  return true
}

const withDigits = (_name: string, value: unknown): unknown =>
  typeof value === 'bigint' ? value.toString() : value
