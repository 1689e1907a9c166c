// No file is left to open: of this process (EMFILE) or of its machine (ENFILE). A state of its own: neither is the disk full
// nor a file damaged, and what was asked for works again once something is closed.

import { by, KillswitchError } from './errors.js'

type Code = 'EMFILE' | 'ENFILE'

/** The code in an error or in what caused it; undefined where it is another one. */
export function outOfFilesIn(error: unknown): Code | undefined {
  for (let found = error; found instanceof Error; found = found.cause) {
    const { code } = found as NodeJS.ErrnoException
    if (code === 'EMFILE' || code === 'ENFILE') return code
    if (found instanceof KillswitchError && found.code === 'out-of-files')
      return found.data.cause === 'ENFILE' ? 'ENFILE' : 'EMFILE'
  }
  return undefined
}

const WHAT: Record<Code, { is: string; todo: string }> = {
  EMFILE: {
    is: 'This process has as many files and connections open as it may (EMFILE).',
    todo: 'Raise its limit and start it again: ulimit -n, LimitNOFILE= of a systemd unit, or ulimits of a container.',
  },
  ENFILE: {
    is: 'This machine has as many files open as it may (ENFILE).',
    todo: 'Raise the limit of the machine: sysctl fs.file-max.',
  },
}

export const outOfFilesDetail = (code: Code): string => `${WHAT[code].is} ${WHAT[code].todo}`

/** Nothing was done: what could not be opened was not written to. */
export const outOfFiles = (code: Code, cause: unknown): KillswitchError =>
  new KillswitchError(
    'out-of-files',
    `${WHAT[code].is} Nothing was done.`,
    { cause: code, wayOut: [by('Send it again, or to another instance.'), by(WHAT[code].todo)] },
    cause,
  )
