// Why a process cannot start, in words: what it could not have, and what to give it instead.

import type { Config } from '../config.js'
import { KillswitchError } from '../domain/errors.js'

type Refused = Partial<NodeJS.ErrnoException> & { address?: string; port?: number }

/** One message for a person; the whole stack of what nobody foresaw. `config` is there once it was read. */
export function explainFault(error: unknown, config?: Config): string {
  if (error instanceof KillswitchError) return error.detail
  const fault = error as Refused
  const known = config && (listenFault(fault, config) ?? diskFault(fault, config))
  return known ?? (error as Error).stack ?? String(error)
}

function listenFault({ code, syscall }: Refused, { host, port }: Config): string | undefined {
  if (syscall === 'getaddrinfo' || code === 'EADDRNOTAVAIL')
    return `KILLSWITCH_HOST is "${host}", which is no address of this machine (${code}): 127.0.0.1 is this machine alone, 0.0.0.0 all its networks.`
  if (syscall !== 'listen') return undefined
  if (code === 'EADDRINUSE')
    return `Port ${port} of ${host} is in use by another program, or by another instance of this one: stop that one, or give this one another port (KILLSWITCH_PORT; 0 takes a free one).`
  if (code === 'EACCES')
    return `This user may not listen on port ${port}: give one from 1024 on (KILLSWITCH_PORT).`
  return undefined
}

const UNWRITABLE = ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'EISDIR', 'ENOSPC', 'EDQUOT', 'ENOENT']

function diskFault({ code, syscall, path }: Refused, { dataDir }: Config): string | undefined {
  if (
    path === undefined ||
    !path.startsWith(dataDir.replace(/^\.\//, '')) ||
    !UNWRITABLE.includes(code ?? '')
  )
    return undefined
  return `The data directory ${dataDir} cannot be used (${code} at ${syscall} ${path}): give a directory that this user may write, on a disk with room (KILLSWITCH_DATA_DIR).`
}
