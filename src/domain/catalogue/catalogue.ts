// A fault in the files of the catalogue.

import { oneLine } from '../../text/characters.js'

/** A fault refuses the files; `line` is 1-based. */
export type Fault = { file: string; line: number; message: string }

export const describeFault = ({ file, line, message }: Fault): string =>
  `${file}:${line}: ${oneLine(message)}`
