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
  | 'triggers'
  | 'prerequisites'
  | 'notes'
  | 'reference'
  | 'diagram'
  | 'code'
  | 'html'
  | 'empty'

const ABOUT: readonly (readonly [Reason, RegExp])[] = [
  [
    'template',
    /\btemplates?\)?$|^templates? (for|to)\b|^post-?\s?mortem (requirements|outline|contents?|format)|^outline$|\bvorlagen?\b|^plantillas?\b|^modèles?\b|^modelos?\b|テンプレート|模板/,
  ],
  [
    'acceptance',
    /\bacceptance\b|\bdefinition of done\b|\b(success|exit|done|recovery) criteria\b|\breadiness\b|^how (do )?(we|you) know\b|^(erfolgskriterien|criterios de éxito|critères de (succès|réussite)|critérios de sucesso|成功基准|完了条件|成功标准)/,
  ],
  [
    'severity',
    /\bseverit(y|ies)\b|\bsev[- ]?levels?\b|\bpriorit(y|ies)( (levels?|matrix|definitions?))?$|\bclassification\b|\bimpact levels?\b|^response times?\b|^sla\b|schweregrad|gravit[ée]|severidade?|niveles? de |níveis de |重大度|深刻度|严重(程度|级别)|等级/,
  ],
  [
    'symptoms',
    /^((typical|common|observed|possible) )?(symptoms?|signs?|indicators?)\b|symptome|^s[ií]ntom(as|i)|^symptômes|^gejala|^sintomas|^anzeichen|^signaux|^señales|^sinais|^症状|^现象|^兆候|^failure modes?|^what you(['’]ll| will)? see|^what users see|^expected (output|result|behaviou?r)/,
  ],
  [
    'cause',
    /^((root|possible|probable|likely|common|potential) )?causes?\b|\bcauses$|^ursachen?\b|^(causas?|causes? (probables?|possibles?))\b|原因$/,
  ],
  [
    'impact',
    /^((business|user|customer) )?impact\b|^blast radius|^consequences\b|^(side[- ])?effects?$|^auswirkung|^impacto\b|^影响|^影響/,
  ],
  [
    'scope',
    /^(in |out of )?scope\b|^this (playbook|runbook|document|guide|procedure|page) (covers|applies|describes|explains|is for)\b|^what (is|it|this)\b.*\bnot\b|^appl(ies to|icability)\b|^(affected|impacted) (services|systems|components)|^umfang\b|^alcance\b|^portée\b|^escopo\b|^âmbito\b|^範囲|^适用范围|^范围/,
  ],
  [
    'overview',
    /^(overview|introduction|background|purpose|about|goals?|objectives?|audience|assumptions|context|definitions?|glossary|terminology|summary|description|when to use|what (it|this) (is|does)|überblick|übersicht|zweck|ziel|resumen|descripción|introducción|objetivo|présentation|aperçu|objectif|introdução|visão geral|resumo)\b|^(概要|概述|目的|背景|はじめに)/,
  ],
  [
    'responsibilities',
    /responsibilit|^responsabili|^funções|^rollen\b|^rôles\b|^角色|^役割|^体制|^(team )?roles?\b|^duties\b|^raci\b|^verantwort/,
  ],
  [
    'contacts',
    /^((emergency|escalation|key|important|on-?call|useful) )*contacts?\b(?! (the|your|our|an?|with)\b)|\bcontact (information|details|list)|^on-?call( engineers?| schedule| rotation| team)?$|^kontakte?\b|^ansprechpartner|^contactos?\b|^contatos?\b|^联系(人|方式)|^連絡先/,
  ],
  [
    'escalation',
    /^escalations?\b|\bescalation (criteria|paths?|policy|matrix|levels?)|^eskalation|^escalad|^escalonamento|^escalamiento|^when to escalate|^エスカレーション|^升级|^上报/,
  ],
  [
    'prevention',
    /^(prevention|preventi(ve|on)|preventative|lessons learned|prävention|lehren\b|prévention|prevención|prevenção|lecciones|leçons|再発防止|预防)/,
  ],
  [
    'links',
    /^(related|useful|helpful|further|external) (runbooks?|links?|resources?|reading|documents?|documentation|docs|pages)|^(see also|related$|references?|links?|resources|documentation|appendix|additional resources|weiterführend|verwandte|documentos relacionados|documents (liés|associés)|enlaces|recursos|liens|ressources|相关(链接|文档)|関連(資料|リンク))/,
  ],
  ['dashboards', /\bdashboards?\b|\bmetrics\b|^sl[oi]s?\b|^monitoring links/],
  ['sources', /^(detection|alert|data) sources?$|^detection( methods?)?$|^alerts?$|^monitoring$/],
  [
    'history',
    /^(timeline\b|change ?log|(revision|version|document) (history|control)|contents|table of contents|toc)\b|^änderungs|^verlauf|^histori(al|que)|^histórico|^变更|^更新履歴|^変更履歴/,
  ],
  ['examples', /^(examples?|beispiele?|ejemplos?|exemples?|exemplos?|例|示例)\b/],
  [
    'triggers',
    /^(when (to|should|not to)\b|triggers?$|trigger (conditions?|criteria)|entry criteria|wann anwenden|cuándo usar|quand (l['’])?utiliser|quando usar|适用场景|触发条件|発生条件)/,
  ],
  [
    'prerequisites',
    /^(prerequisites?|pre-requisites?|preconditions?|before you (begin|start)\b|what you need|access (needed|required)|voraussetzungen|requisitos|prérequis|pré-requis|前提条件|前置条件)/,
  ],
]

const STEPS =
  /^(schritte|vorgehen|maßnahmen|sofortmaßnahmen|pasos|procedimiento|acciones|étapes|mesures|passos|procedimento|ações)|手順|対応|步骤|处理|操作|\b(steps?|actions?|process|procedures?|resolution|solutions?|investigation|mitigations?|remediation|triage|response|recovery|playbooks?|fix|diagnos\w+|rollback|containment|what to do|how to|immediate|investigate|mitigate|act|undo|repair|verify|recover|contain|resolve)\b/

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
  if (found === 'template' && /\btemplates?\)?$/.test(bare)) return found
  return found && beginsWithVerb(bare) && bare.includes(' ') && !NOUNS.test(bare) ? undefined : found
}

/** First words that are verbs elsewhere, and nouns in a title. */
const NOUNS = /^(contact|page|alert|post|escalat|on|issue|monitoring|document|support|response|scope|impact)/

const bareTitle = (title: string) =>
  title
    .toLowerCase()
    .replace(/\((?!templates?\))[^)]*\)/g, ' ')
    .replace(/^[^\p{L}]+/u, '')
    .replace(/[\s:]+$/, '')
