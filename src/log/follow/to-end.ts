// Waits until this instance knows the log to its end.

import { KillswitchError } from '../../domain/errors.js'
import type { Head } from '../../domain/log/audit.js'
import type { Store } from '../stores/store.js'
import type { KnownLog } from './known-log.js'

const PATIENCE_MS = 30_000

/** Resolves when this instance has followed the log to where it ended at the call. Throws `store-unavailable`. */
export async function toEnd(log: KnownLog, store: Store): Promise<void> {
  const end = await store.head()
  const isThere = ({ head }: { head: Head }) => head.seq >= end.seq && head.epoch >= end.epoch
  if (isThere(log)) return
  await new Promise<void>((resolve, reject) => {
    const settle = (act: () => void) => {
      clearTimeout(timer)
      unsubscribe()
      act()
    }
    const late = new KillswitchError('store-unavailable', 'The log was not followed to its end within 30 s.')
    const timer = setTimeout(() => settle(() => reject(late)), PATIENCE_MS)
    const unsubscribe = log.subscribe((_, state) => isThere(state) && settle(resolve))
  })
}
