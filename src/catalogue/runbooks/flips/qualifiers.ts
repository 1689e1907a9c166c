// What makes less of a flip than it seems: another environment, a rehearsal, an approval, a part of the users. Looked for
// around a flip, in headings, leads, comments and neighbouring sentences, where not every word can be understood.

import type { FlagAction } from '../../../wire/runbook.js'

export type Qualifier = {
  /** `limit`: a kill cannot be limited to it. `condition`: somebody has to see that it holds. */
  kind: 'limit' | 'condition'
  /** As written. */
  text: string
}

const ENVIRONMENT =
  /(?<![\p{L}\p{N}_])(?:production|prod|live|staging|stage|stg|dev|development|testing|test(?= (?:env|system|cluster|environment))|qa|uat|pre-?prod(?:uction)?|sandbox|demo|integration|int|canary|produktion|producci[oó]n|produ[cç][aã]o|pruebas|homologa[cç][aã]o|testumgebung|préprod(?:uction)?|ステージング|テスト環境|本番|测试环境|预发|生产环境|生产)(?![\p{L}\p{N}_])/giu

/** In Chinese and Japanese no space ends a name; what stands for production there. */
const PRODUCTION = /^(produktion|producci[oó]n|produ[cç][aã]o|本番|生产环境|生产|live|prod)$/iu

const REHEARSAL =
  /\bdry[\s-]?runs?\b|\bsimulat\w*|\brehears\w*|\bgame[\s-]?days?\b|\bfire drills?\b|\bdrills?\b|\btabletop\b|\bwar games?\b|\bpretend\w*|\btrocken(?:lauf|übung)\w*|\bprobe(?:lauf|weise)\b|\bübung\w*|\bsimula(?:cro|[cç][aã]o|ción|r)\b|\bexercice\b|\bà blanc\b|演習|訓練|リハーサル|演练|模拟/iu
const APPROVAL =
  /\bapprov\w*|\bpermission\b|\bsign(?:ed)?[\s-]?off\b|\bauthori[sz]\w*|\bconsent\b|\bgo-?ahead\b|\bgenehmig\w*|\bfreigabe\b|\bzustimmung\b|\baprob\w*|\baprova\w*|\bautori[sz]\w*|\baccord\b|\bapprobation\b|承認|批准|许可|許可/iu
const PART =
  /\b(?:only|except|excluding|but not|unless)\b|\b(?:nur|außer|ausser|solo|sólo|solamente|excepto|salvo|seulement|uniquement|sauf|apenas|somente|exceto)\b|\btenants?\s+[\p{L}\p{N}]|\b(?:\p{L}{2,4}-)(?:north|south|east|west|central)\p{L}*-\d\b|\d\s?(?:%|percent\b|per cent\b|prozent\b)|(?:のみ|だけ|限り|仅|只|除了)/iu

/**
 * The first thing in a text that qualifies a flip below or beside it, or undefined. `environments` are this service's own
 * names in small letters; a text that names another one speaks of another one.
 */
export function qualifierIn(text: string, environments: readonly string[]): Qualifier | undefined {
  if (REHEARSAL.test(text) || APPROVAL.test(text)) return { kind: 'condition', text: tidy(text) }
  if (PART.test(text) || namesOtherEnvironment(text, environments)) return { kind: 'limit', text: tidy(text) }
  return undefined
}

export function namesOtherEnvironment(text: string, environments: readonly string[]): boolean {
  const named = Array.from(text.matchAll(ENVIRONMENT), ([name]) => name.toLowerCase())
  return named.some(name => !isOwn(name, environments))
}

/** "production" in another language is the production it is in English. */
export function isOwn(name: string, environments: readonly string[]): boolean {
  if (environments.includes(name)) return true
  return PRODUCTION.test(name) && environments.some(one => one === 'production' || one === 'prod')
}

/** A part of the users, of the regions or of the traffic; or another place than this. */
const NARROWS =
  /\b(?:for|in|on|at|from|of|within|across|only|except|excluding|but|limited|tenants?|customers?|users?|accounts?|regions?|countr(?:y|ies)|markets?|cohorts?|segments?|shards?|clusters?|zones?|half|mandanten?|kunden?|clientes?|clients?|inquilinos?|locataires?|régions?|regi[oó]n(?:es)?|regi(?:ão|ões)|pour|para)\b|für |租户|客户|地区|区域|用户|テナント|顧客|ユーザー|地域|%/iu
/** These begin like a place or a part, and are none. */
const NO_PART =
  /^(?:in (?:case|the event|doubt|agreement|consultation|coordination)\b|(?:on|at) (?:request|the request|instruction|order)\b|for (?:\d+\s?(?:min|h|s\b|sec|day|week)|an? (?:minute|hour|day|week|while|moment)|one (?:minute|hour|day)|the (?:duration|time|next|moment|incident)\b|example\b|now\b)|with(?:out)?\b|by\b|after\b|as\b)/iu

/** What a piece of a flip's own clause is that no rule understands. */
export function qualifierOf(piece: string, environments: readonly string[]): Qualifier {
  const text = tidy(piece)
  if (REHEARSAL.test(text) || APPROVAL.test(text) || NO_PART.test(text)) return { kind: 'condition', text }
  const limits = NARROWS.test(text) || PART.test(text) || namesOtherEnvironment(text, environments)
  return { kind: limits ? 'limit' : 'condition', text }
}

const LONGEST = 160

/** Without the signs around it, on one line, and not a whole page. */
function tidy(text: string): string {
  const bare = text
    .replace(/\s+/g, ' ')
    .replace(/^[\s,;:.)\]–—-]+|[\s,;:.([–—-]+$/g, '')
    .trim()
  const inner = /^\(([^()]*)\)?$/.exec(bare)?.[1] ?? bare
  return inner.length > LONGEST ? `${inner.slice(0, LONGEST - 1)}…` : inner
}

/** The action with what qualifies it, each said once. */
export function withQualifiers(action: FlagAction, qualifiers: readonly Qualifier[]): FlagAction {
  if (qualifiers.length === 0) return action
  const limit = joined(action.limit, textsOf(qualifiers, 'limit'))
  const condition = joined(action.condition, textsOf(qualifiers, 'condition'))
  return { ...action, ...(condition && { condition }), ...(limit && { limit }) }
}

const textsOf = (qualifiers: readonly Qualifier[], kind: Qualifier['kind']) =>
  qualifiers.flatMap(one => (one.kind === kind && one.text !== '' ? [one.text] : []))

const joined = (first: string | undefined, texts: readonly string[]): string | undefined =>
  [...new Set([...(first === undefined ? [] : [first]), ...texts])].join('; ') || undefined
