// Waits for the fleet to confirm a flip, with a live line on a terminal. Ctrl-C ends the waiting, never the flip.

import type { Convergence } from '../../wire/convergence.js'
import type { FlipStatus } from '../../wire/flip.js'
import { isPending } from '../flip/proven.js'
import { RefusedError, UnreachableError } from '../plumbing/exit.js'
import type { Terminal } from '../plumbing/terminal.js'
import { liveLine } from '../print/convergence.js'
import type { Client } from './client.js'

export type Watched = {
  convergence: Convergence[]
  /** What was answered last; absent where it was not asked. */
  status?: FlipStatus
  ended: 'settled' | 'time' | 'interrupted' | 'unreachable'
}

type Watching = { client: Client; terminal: Terminal; isEnough?: (status: FlipStatus) => boolean }

/**
 * Resolves once nobody is pending or it `isEnough`, after `seconds`, or on Ctrl-C; with the last that is known.
 */
export async function watchFlip(
  { client, terminal, isEnough }: Watching,
  id: string,
  first: Convergence[],
  seconds: number,
  interrupt: AbortSignal,
): Promise<Watched> {
  const began = performance.now()
  const elapsed = () => performance.now() - began
  let convergence = first
  let status: FlipStatus | undefined
  const known = () => ({ convergence, ...(status === undefined ? {} : { status }) })
  try {
    while (isPending(convergence) && !(status && isEnough?.(status))) {
      const left = seconds * 1000 - elapsed()
      if (left <= 0) return { ...known(), ended: 'time' }
      terminal.live(liveLine(convergence, elapsed(), terminal.aside))
      // with a live line, its seconds count up; without, the service may hold the answer for longer
      const most = terminal.hasLiveLine ? 1 : 30
      const waitSeconds = Math.max(1, Math.min(Math.ceil(left / 1000), most))
      const asked = { waitSeconds, signal: interrupt }
      const { body } = await client.get<FlipStatus>(`/v1/flips/${encodeURIComponent(id)}`, asked)
      status = body
      convergence = body.convergence ?? convergence
    }
    return { ...known(), ended: 'settled' }
  } catch (error) {
    if (interrupt.aborted) return { ...known(), ended: 'interrupted' }
    if (error instanceof UnreachableError || error instanceof RefusedError)
      return { ...known(), ended: 'unreachable' }
    throw error
  } finally {
    terminal.live('')
  }
}

/** From now on Ctrl-C is a signal to look at instead of the end of the process, until it is released. */
export function catchInterrupt(): { signal: AbortSignal; release: () => void } {
  const interrupt = new AbortController()
  const onInterrupt = () => interrupt.abort(new DOMException('Interrupted', 'AbortError'))
  process.once('SIGINT', onInterrupt)
  return { signal: interrupt.signal, release: () => process.off('SIGINT', onInterrupt) }
}
