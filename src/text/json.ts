// JSON that leaves by a terminal or a log: the same document, in which no character acts on whoever looks at it. JSON itself
// escapes only what is below a space.

const ACTING = /[\p{Cc}\p{Cs}\p{DI}\u2028\u2029\ufff9-\ufffb]/gu

/** `\u202e` where that stood; outside of strings JSON has nothing of the kind but line breaks. */
export const inertJson = (json: string): string =>
  json.replace(ACTING, sign => {
    if (sign === '\n') return sign
    if (sign === '\r' || sign === '\t') return ' '
    return Array.from({ length: sign.length }, (_, unit) => escaped(sign.charCodeAt(unit))).join('')
  })

const escaped = (unit: number): string => `\\u${unit.toString(16).padStart(4, '0')}`
