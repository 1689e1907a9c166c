// Which process this is, and what can be said of another one that left a file here: whether it provably lives, and
// whether it provably is gone. Where neither can be proved, both answers are no.

import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { threadId } from 'node:worker_threads'

export type Owner = {
  host: string
  pid: number
  /** `/proc/self/ns/pid`; absent where there is none. Pids of two containers say nothing of each other. */
  pidNamespace?: string
  /** When the process was started, as the system counts: a pid is used again. Absent where it cannot be read. */
  started?: string
  /** Worker threads share a pid. */
  thread?: number
}

export function thisProcess(): Owner {
  const pidNamespace = attempt(() => readlinkSync('/proc/self/ns/pid'))
  const started = attempt(() => startOf(readFileSync('/proc/self/stat', 'utf8')))
  return {
    host: hostname(),
    pid: process.pid,
    ...(pidNamespace === undefined ? {} : { pidNamespace }),
    ...(started === undefined ? {} : { started }),
    thread: threadId,
  }
}

/** `here`: in this very thread, where whoever asks knows it better. */
export type Standing = 'alive' | 'dead' | 'here' | 'unknown'

export function standingOf(other: Owner, own: Owner): Standing {
  if (other.host !== own.host || other.pidNamespace !== own.pidNamespace) return 'unknown'
  if (other.pid !== own.pid) return isRunning(other.pid) ? 'alive' : 'dead'
  // this pid: an earlier process had it, as the first one of a container has, or it is another thread of this one
  if (other.started !== undefined && own.started !== undefined && other.started !== own.started) return 'dead'
  return other.thread === undefined || other.thread === own.thread ? 'here' : 'alive'
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** The 22nd word of the line; the second is the name of the program, in brackets and with whatever is in it. */
const startOf = (stat: string): string | undefined =>
  stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .at(19)

function attempt<T>(act: () => T): T | undefined {
  try {
    return act()
  } catch {
    return undefined
  }
}
