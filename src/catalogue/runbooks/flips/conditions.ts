// What a step's text makes it depend on: "when needed", "if high error rate persists", "(if needed)".

const WORDS =
  'only if|only when|if|when|whenever|unless|during|in case|(?<!\\bat )once|until|while|as needed|where possible|as soon as'
const IN_BRACKETS = new RegExp(`\\(\\s*((?:${WORDS})\\b[^()]*)\\)`, 'i')
const LEADING = new RegExp(`^((?:${WORDS})\\b[^,:;]*)`, 'i')
const TRAILING = new RegExp(`[\\s,]((?:${WORDS})\\b[^,:;()]*)`, 'i')

/** A condition in front, in the other languages. */
const FOREIGN =
  /^(?:(?:wenn|falls|sobald|sofern|lorsque|quand|si|cuando|en caso|quando|caso|se|assim que)(?!\p{L})|如果|若|一旦)[^,:;，：]*|^[^,、，]{1,60}(?:場合|とき)(?=[、，])/iu

export function conditionOf(text: string): string | undefined {
  const question = /^[^?]*\?/.exec(text)?.[0]
  // "Is it down too? Then ..." depends on the answer; a question alone is one to answer
  if (question !== undefined)
    return /[\p{L}\p{N}]/u.test(text.slice(question.length)) ? question.trim() : undefined
  const said = text
  const foreign = FOREIGN.exec(said)
  if (foreign) return foreign[0].trim()
  const match = IN_BRACKETS.exec(said) ?? LEADING.exec(said) ?? TRAILING.exec(said)
  const [clause] = (match?.[1] ?? '').split(/\.(?:\s|$)/, 1)
  return clause?.trim() || undefined
}

/** The condition of an enclosing step comes first. */
export function joinConditions(outer: string | undefined, own: string | undefined): string | undefined {
  if (outer === undefined || outer === own) return own
  return own === undefined ? outer : `${outer}; ${own}`
}

const WHOLE = new RegExp(`^[\\s,(–—-]*(?:(?:and|or|but|then)\\s+)?(?:${WORDS})\\b`, 'i')

/** Whether a piece of a clause is a condition from its first word on. */
export const isCondition = (piece: string): boolean => WHOLE.test(piece)

/** What a heading or lead makes everything below it depend on: "If caused by the provider", "Rollback (if needed)". */
export function conditionOfTitle(title: string): string | undefined {
  const bare = title
    .trim()
    .replace(/^[^\p{L}]+/u, '')
    .replace(/[\s:]+$/, '')
  const inner = /\(\s*((?:only if|only when|if|when|unless|as needed)\b[^()]*)\)/i.exec(bare)?.[1]
  return (
    inner ??
    FOREIGN.exec(bare)?.[0] ??
    (/^(?:only if|only when|if|when|unless|in case)\b/i.test(bare) ? bare : undefined)
  )
}
