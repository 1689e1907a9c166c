// How many files and sockets this process may have open. Linux tells it in /proc; Node has raised it to the hard limit.

import { readFileSync } from 'node:fs'

/** Infinity where the system does not tell it, or sets no limit. */
export function openFilesLimit(file = '/proc/self/limits'): number {
  try {
    const found = /^Max open files\s+(\d+)/m.exec(readFileSync(file, 'utf8'))
    return found ? Number(found[1]) : Number.POSITIVE_INFINITY
  } catch {
    return Number.POSITIVE_INFINITY
  }
}
