// Lists that are no steps, told by what stands above them: scope, severity, symptoms, contacts and the like.
// The nearest label or heading that says something decides.

import { beginsWithVerb } from './wording.js'

export type Reason =
  | 'severity'
  | 'symptoms'
  | 'cause'
  | 'impact'
  | 'scope'
  | 'overview'
  | 'responsibilities'
  | 'escalation'
  | 'prevention'
  | 'contacts'
  | 'links'
  | 'dashboards'
  | 'sources'
  | 'acceptance'
  | 'template'
  | 'history'
  | 'examples'
  | 'notes'
  | 'reference'
  | 'diagram'
  | 'code'
  | 'html'
  | 'empty'

const ABOUT: readonly (readonly [Reason, RegExp])[] = [
  [
    'template',
    /\btemplates?$|^templates? (for|to)\b|^post-?\s?mortem (requirements|outline|contents?|format)|^outline$|\bvorlagen?\b/,
  ],
  ['acceptance', /\bacceptance\b|\bdefinition of done\b|\b(success|exit|done) criteria\b|\breadiness\b/],
  [
    'severity',
    /\bseverit(y|ies)\b|\bsev[- ]?levels?\b|\bpriorit(y|ies)( (levels?|matrix|definitions?))?$|\bclassification\b|\bimpact levels?\b|^response times?\b|^sla\b|schweregrad|gravit[ée]|severidad/,
  ],
  [
    'symptoms',
    /^((typical|common|observed|possible) )?(symptoms?|signs?|indicators?)\b|symptome|^s[ií]ntom(as|i)|^symptômes|^gejala|^what you(['’]ll| will)? see|^what users see|^expected (output|result|behaviou?r)/,
  ],
  ['cause', /^((root|possible|probable|likely|common|potential) )?causes?\b|\bcauses$|^ursachen?\b/],
  ['impact', /^((business|user|customer) )?impact\b|^blast radius|^consequences\b|^auswirkung/],
  [
    'scope',
    /^(in |out of )?scope\b|^this (playbook|runbook|document|guide|procedure|page) (covers|applies|describes|explains|is for)\b|^what (is|it|this)\b.*\bnot\b|^appl(ies to|icability)\b|^(affected|impacted) (services|systems|components)|^umfang\b/,
  ],
  [
    'overview',
    /^(overview|introduction|background|purpose|about|goals?|objectives?|audience|assumptions|context|definitions?|glossary|terminology|summary|description|when to use|what (it|this) (is|does)|überblick|übersicht|zweck)\b/,
  ],
  ['responsibilities', /responsibilit|^(team )?roles?\b|^duties\b|^raci\b|^verantwort/],
  [
    'contacts',
    /^((emergency|escalation|key|important|on-?call|useful) )*contacts?\b(?! (the|your|our|an?|with)\b)|\bcontact (information|details|list)|^on-?call( engineers?| schedule| rotation| team)?$|^kontakte?\b|^contactos\b/,
  ],
  [
    'escalation',
    /^escalations?\b|\bescalation (criteria|paths?|policy|matrix|levels?)|^eskalation|^when to escalate/,
  ],
  ['prevention', /^(prevention|preventi(ve|on)|preventative|long-?term|lessons learned|prävention)\b/],
  [
    'links',
    /^(related|useful|helpful|further|external) (runbooks?|links?|resources?|reading|documents?|documentation|docs|pages)|^(see also|related$|references?|links?|resources|documentation|appendix|additional resources|weiterführend)/,
  ],
  ['dashboards', /\bdashboards?\b|\bmetrics\b|^sl[oi]s?\b|^monitoring links/],
  ['sources', /^(detection|alert|data) sources?$|^detection( methods?)?$|^alerts?$|^monitoring$/],
  [
    'history',
    /^(change ?log|(revision|version|document) (history|control)|contents|table of contents|toc)\b/,
  ],
  ['examples', /^examples?\b/],
]

const STEPS =
  /\b(steps?|actions?|process|procedures?|resolution|solutions?|investigation|mitigations?|remediation|triage|response|recovery|playbooks?|fix|diagnos\w+|rollback|containment|what to do|how to|immediate)\b/

/** An ordered list of instructions below one of these is taken as steps all the same. */
const SOFT: readonly Reason[] = ['overview', 'escalation', 'sources', 'examples', 'scope', 'dashboards']
export const isSoft = (reason: Reason): boolean => SOFT.includes(reason)

/** What the titles (innermost first) say about what stands below them; undefined where they say "steps", or nothing. */
export function reasonAbove(titles: readonly string[]): Reason | undefined {
  for (const title of titles) {
    const bare = bareTitle(title)
    const reason = reasonOf(bare)
    if (reason) return reason
    if (STEPS.test(bare)) return titles.some(isTemplate) ? 'template' : undefined
  }
  return undefined
}

/** What one title says of itself. */
export const reasonOfTitle = (title: string): Reason | undefined => reasonOf(bareTitle(title))

/** Does the title itself say that steps follow? */
export const saysSteps = (title: string): boolean =>
  STEPS.test(bareTitle(title)) && reasonOf(bareTitle(title)) === undefined

export const isTemplate = (title: string): boolean => reasonOf(bareTitle(title)) === 'template'

/** "Common causes and fixes": what it is about is told, and what to do as well. */
const AND_STEPS =
  /(\band|&|\/|→)\s+(\w+ )?(fix(es)?|solutions?|remed(y|ies)|actions?|resolutions?|mitigations?|steps|workarounds?|what to do)\b/

function reasonOf(bare: string): Reason | undefined {
  if (AND_STEPS.test(bare)) return undefined
  const found = ABOUT.find(([, words]) => words.test(bare))?.[0]
  return found && beginsWithVerb(bare) && bare.includes(' ') && !NOUNS.test(bare) ? undefined : found
}

/** First words that are verbs elsewhere, and nouns in a title. */
const NOUNS = /^(contact|page|alert|post|escalat|on|issue|monitoring|document|support|response|scope|impact)/

const bareTitle = (title: string) =>
  title
    .toLowerCase()
    .replace(/\([^)]*\)/g, ' ')
    .replace(/^[^\p{L}]+/u, '')
    .replace(/[\s:]+$/, '')
