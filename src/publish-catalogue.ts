// At a start: publishes this instance's files once the log is known to its end, or goes on with what the journal knows.

import type { FastifyBaseLogger } from 'fastify'
import { KillswitchError } from './domain/errors.js'
import type { State } from './domain/state.js'
import type { Log } from './log/follow/known-log.js'
import type { Tail } from './log/follow/tail.js'
import type { Store } from './log/stores/store.js'
import type { Catalogue } from './service/catalogue.js'

type Publishing = { log: Log; store: Store; tail: Tail; logger: FastifyBaseLogger }

/** Publishes the files once the log is known to its end. With the store away: goes on with what the journal knows. */
export async function publishCatalogue(
  catalogue: Catalogue,
  { log, store, tail, logger }: Publishing,
): Promise<void> {
  const publish = async () => {
    await followToEnd(log, store)
    const done = await catalogue.publishAtStart()
    if (done === 'faulty')
      for (const fault of catalogue.faults) logger.error(`${fault.file}:${fault.line}: ${fault.message}`)
  }
  try {
    await publish()
  } catch (error) {
    if (error instanceof KillswitchError && error.code === 'configuration') throw error
    logger.warn(`The catalogue is not published yet: ${(error as Error).message}`)
    retryWhenLive(publish, tail, logger)
  }
}

function retryWhenLive(publish: () => Promise<void>, tail: Tail, logger: FastifyBaseLogger): void {
  const timer = setInterval(() => {
    if (!tail.isLive) return
    clearInterval(timer)
    publish().catch(error => {
      logger.warn(`The catalogue is not published yet: ${(error as Error).message}`)
      retryWhenLive(publish, tail, logger)
    })
  }, 500)
  timer.unref()
}

/** Resolves when this instance has followed the log to where it ended at the call. Throws `store-unavailable`. */
export async function followToEnd(log: Log, store: Store): Promise<void> {
  const end = await store.head()
  if (log.head.seq >= end.seq && log.head.epoch >= end.epoch) return
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(
      () =>
        done(new KillswitchError('store-unavailable', 'The log was not followed to its end within 30 s.')),
      30_000,
    )
    const unsubscribe = log.subscribe((_, { head }: State) => {
      if (head.seq >= end.seq && head.epoch >= end.epoch) done()
    })
    const done = (error?: Error) => {
      clearTimeout(timer)
      unsubscribe()
      if (error) reject(error)
      else resolve()
    }
  })
}
