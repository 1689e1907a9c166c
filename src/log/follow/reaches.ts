// Waits for what others commit: it comes with the tail, a moment later.

import { placeOf } from '../../domain/log/audit.js'
import type { KnownLog } from './known-log.js'

/** Whether this instance's log comes to a place within a time. */
export function reaches(log: KnownLog, place: number, withinMs: number): Promise<boolean> {
  const isThere = (): boolean => placeOf(log.head) >= place
  return new Promise(resolve => {
    const settle = (): void => {
      clearTimeout(timer)
      unsubscribe()
      resolve(isThere())
    }
    const timer = setTimeout(settle, withinMs)
    const unsubscribe = log.subscribe(() => isThere() && settle())
    if (isThere()) settle()
  })
}
