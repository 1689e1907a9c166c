// Colour, for a terminal only; and what other people wrote, made harmless for it.

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

/** Our own colours stay; whatever else would act on a terminal (in a reason, a step, a name) becomes visible. */
export const harmless = (text: string): string =>
  text.replace(/\p{Cc}|[\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu, (control, at: number) => {
    const isOurs = control === '\u001b' && /^\[(?:[012]|3[1236])m/.test(text.slice(at + 1, at + 5))
    return isOurs || control === '\n' ? control : '\ufffd'
  })
