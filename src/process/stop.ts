// The end of the process on a signal: everything is closed in order, and however its disk behaves the process is gone within
// a limit. A request that hangs in the thread pool would keep even process.exit() from returning.

import type { FastifyBaseLogger } from 'fastify'

/** Above the 5 s that answers under way have (http/plumbing/gone.ts), below the 10 s after which container engines kill. */
export const STOP_LIMIT_MS = 9_000
/** The line that says why is written by another thread, which needs time for it. */
const SAY_AFTER = 0.75
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
  // neither is cleared: the process ends before them or by them
  setTimeout(() => sayWhy(logger, limitMs), limitMs * SAY_AFTER)
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), limitMs)
  close().then(
    () => endWith(0),
    error => {
      logger.error({ err: error }, 'the stop was not clean')
      endWith(1)
    },
  )
}

/** Once no request is in the thread pool: process.exit() waits for them, for ever where one hangs. */
function endWith(code: number): void {
  if (inThreadPool().length > 0) setTimeout(() => endWith(code), LOOK_EVERY_MS)
  else process.exit(code)
}

function sayWhy(logger: FastifyBaseLogger, limitMs: number): void {
  const open = inThreadPool().join(', ') || 'no request to a disk'
  logger.error(
    `the stop takes long (still open: ${open}): ${limitMs / 1000} s after the signal this process kills itself. What was acknowledged is durable`,
  )
}

/** Requests to a disk or to the resolver: each occupies a thread. */
const inThreadPool = (): string[] =>
  process.getActiveResourcesInfo().filter(name => /^(FSReq|GetAddrInfo|GetNameInfo)/.test(name))
