// Whatever a world of faults left open must not keep its test file from ending: it is told, and ends with the file.

import t from 'tap'

const PATIENCE_MS = 10_000

/** To be called once, at the top of the file. */
export function endWithTests(): void {
  const end = (): void => {
    console.log(`still open after the last test: ${process.getActiveResourcesInfo().join(', ')}`)
    process.exit()
  }
  t.teardown(() => void setTimeout(end, PATIENCE_MS).unref())
}
