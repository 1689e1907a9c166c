// What a step's text makes it depend on: "when needed", "if high error rate persists", "(if needed)".

const WORDS =
  'only if|only when|if|when|whenever|unless|during|in case|once|until|while|as needed|where possible|as soon as'
const IN_BRACKETS = new RegExp(`\\(\\s*((?:${WORDS})\\b[^()]*)\\)`, 'i')
const LEADING = new RegExp(`^((?:${WORDS})\\b[^,:;]*)`, 'i')
const TRAILING = new RegExp(`[\\s,]((?:${WORDS})\\b[^,:;()]*)`, 'i')

export function conditionOf(text: string): string | undefined {
  const said = text.replace(/\?.*$/s, '?')
  if (said.endsWith('?')) return undefined
  const match = IN_BRACKETS.exec(said) ?? LEADING.exec(said) ?? TRAILING.exec(said)
  const [clause] = (match?.[1] ?? '').split(/\.(?:\s|$)/, 1)
  return clause?.trim() || undefined
}

/** The condition of an enclosing step comes first. */
export function joinConditions(outer: string | undefined, own: string | undefined): string | undefined {
  if (outer === undefined || outer === own) return own
  return own === undefined ? outer : `${outer}; ${own}`
}
