// Colour, for a terminal only, and the last net below what is printed on it.

import { visible } from '../../text/terminal.js'

const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const
export type Style = Record<keyof typeof CODES, (text: string) => string>

type Stream = { isTTY?: boolean }

/** NO_COLOR forbids it (no-color.org), FORCE_COLOR asks for it, else a terminal decides. */
export function isColoured(stream: Stream, env: NodeJS.ProcessEnv): boolean {
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== '') return false
  if (env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '')
    return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false'
  return stream.isTTY === true && env.TERM !== 'dumb'
}

export function styleFor(coloured: boolean): Style {
  const paint = (code: number) => (text: string) =>
    coloured && text !== '' ? `\u001b[${code}m${text}\u001b[0m` : text
  return Object.fromEntries(Object.entries(CODES).map(([name, code]) => [name, paint(code)])) as Style
}

const COLOURS = new RegExp(`(\u001b\\[(?:0|${Object.values(CODES).join('|')})m)`)

/** Our own colours stay. What others wrote has none: it was made harmless where it came in. */
export const harmless = (line: string): string =>
  line
    .split(COLOURS)
    .map((part, index) => (index % 2 === 1 ? part : visible(part)))
    .join('')
