// The end of the process on a signal: everything is closed in order, and however its disk behaves the process is gone within
// a limit. A request that hangs in the thread pool would keep even process.exit() from returning.

import type { FastifyBaseLogger } from 'fastify'

/** Less than the ten seconds that container engines give before they kill. */
export const STOP_LIMIT_MS = 8_000
const LOOK_EVERY_MS = 20

/**
 * Closes, then ends the process: with 0, with 1 where closing failed, and by SIGKILL where the limit is reached first. The
 * journal is whole after that as after any crash. Never returns.
 */
export function stop(
  close: () => Promise<unknown>,
  logger: FastifyBaseLogger,
  limitMs: number = STOP_LIMIT_MS,
): void {
  // not cleared: the process ends before it or by it
  setTimeout(() => {
    const open = [...new Set(process.getActiveResourcesInfo())].join(', ')
    logger.error(`the stop took longer than ${limitMs / 1000} s and is cut short (still open: ${open})`)
    process.kill(process.pid, 'SIGKILL')
  }, limitMs)
  close().then(
    () => endWith(0),
    error => {
      logger.error({ err: error }, 'the stop was not clean')
      endWith(1)
    },
  )
}

/** Once no request to a disk is under way: process.exit() waits for them, for ever where one hangs. */
function endWith(code: number): void {
  const isBusy = process.getActiveResourcesInfo().some(name => name.startsWith('FSReq'))
  if (isBusy) setTimeout(() => endWith(code), LOOK_EVERY_MS)
  else process.exit(code)
}
