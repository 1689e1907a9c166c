// The five runbooks this service began with, as their teams wrote them. They are not part of the project: the tests
// look for them beside it (or in KILLSWITCH_SHARED_DIR) and are skipped, aloud, where they are not.

import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { readRunbooks } from '../../../src/catalogue/runbooks/reader.js'
import { findStep } from '../../../src/domain/runbook/runbook.js'
import type { Runbook } from '../../../src/wire/runbook.js'
import { FLAGS, read, sha256 } from './reading.js'

// From .build/test/catalogue/runbooks to the folder beside the project.
const beside = fileURLToPath(new URL('../../../../../shared', import.meta.url))
const folder = resolve(process.env.KILLSWITCH_SHARED_DIR ?? beside, 'runbooks')
const skip = existsSync(folder) ? false : `the original runbooks are not in ${folder}`

const IDS = ['trustflow', 'pilot', 'chat-assistant', 'insurance-ai-bridge', 'inflow'] as const
const load = (id: string): Runbook => read(readFileSync(`${folder}/${id}.md`, 'utf8'), id)

const STEPS = { trustflow: 26, pilot: 68, 'chat-assistant': 24, 'insurance-ai-bridge': 67, inflow: 14 }

const LEFT_OUT = {
  trustflow: { scope: 4, severity: 3 },
  pilot: {
    overview: 14,
    impact: 11,
    responsibilities: 15,
    escalation: 11,
    notes: 6,
    prevention: 8,
    template: 1,
    acceptance: 5,
    links: 3,
  },
  'chat-assistant': { severity: 4, template: 3, contacts: 4, links: 3 },
  'insurance-ai-bridge': {
    severity: 12,
    sources: 4,
    contacts: 10,
    escalation: 2,
    notes: 2,
    template: 7,
    symptoms: 15,
    dashboards: 9,
  },
  inflow: { severity: 4, diagram: 1, template: 6, contacts: 3, escalation: 3 },
}

const SEVERITIES: Record<string, [level: string, response?: number | undefined, resolution?: number][]> = {
  trustflow: [['SEV-1'], ['SEV-2'], ['SEV-3']],
  pilot: [['SEV0', 15], ['SEV1', 60], ['SEV2'], ['SEV3']],
  'chat-assistant': [['SEV1'], ['SEV2', 60], ['SEV3', 240], ['SEV4']],
  'insurance-ai-bridge': [
    ['P1', undefined, 60],
    ['P2', 15, 240],
    ['P3', 60, 1440],
    ['P4', 240],
  ],
  inflow: [['SEV1', 5], ['SEV2', 15], ['SEV3', 60], ['SEV4']],
}

const ACTIONS: Record<string, string[]> = {
  trustflow: [
    '24 ai_v1=false high kill if when needed; during provider instability',
    '25 kyc_v1=false high kill if when needed; if upload flow is failing hard',
    '48 kyc_v1=false high kill if If storage backend is unstable',
    '54 ai_v1=false high kill if if high error rate persists',
  ],
  pilot: [
    '83 pilot.enabled=false high kill',
    '105 pilot.enabled=true low restore if if fix successful',
    '218 pilot.enabled=false high kill',
    '224 pilot.template-version="v1" high kill if If Needed',
    '268 pilot.enabled=false low kill',
    '273 pilot.enabled=true low restore',
  ],
  'chat-assistant': [],
  'insurance-ai-bridge': [],
  inflow: [],
}

const FINDINGS: Record<string, string[]> = {
  trustflow: [],
  pilot: [],
  'chat-assistant': ['switch-without-flag@55'],
  'insurance-ai-bridge': ['switch-without-flag@205', 'switch-without-flag@209', 'destructive-command@237'],
  inflow: ['switch-without-flag@60'],
}

for (const id of IDS) {
  t.test(`${id}: steps, severities, flag actions and findings`, { skip }, async () => {
    const runbook = load(id)
    assert.equal(runbook.steps.length, STEPS[id])
    assert.deepEqual(runbook.leftOut, LEFT_OUT[id])
    assert.deepEqual(
      runbook.severities.map(({ level, responseTime, resolutionTime }) => [
        level,
        responseTime?.minutes,
        resolutionTime?.minutes,
      ]),
      SEVERITIES[id]?.map(([level, response, resolution]) => [level, response, resolution]),
    )
    const actions = runbook.steps.flatMap(({ condition, flagActions }) =>
      flagActions.map(({ flag, value, line, confidence, direction }) => {
        const limit = condition ? ` if ${condition}` : ''
        return `${line} ${flag}=${JSON.stringify(value)} ${confidence} ${direction}${limit}`
      }),
    )
    assert.deepEqual(actions, ACTIONS[id])
    assert.deepEqual(
      runbook.findings.map(({ code, line }) => `${code}@${line}`),
      FINDINGS[id],
    )
  })
}

t.test('the steps have the names people use', { skip }, async () => {
  const runbooks = IDS.map(load)
  const line = (name: string) => {
    const found = findStep(runbooks, name)
    return found.outcome === 'found' ? `${found.runbook.id}:${found.step.line}` : found.outcome
  }
  assert.equal(line('trustflow/service-specific-playbooks/ai-instability/3'), 'trustflow:54')
  assert.equal(line('trustflow/ai-instability/3'), 'trustflow:54')
  assert.equal(line('trustflow/first-10-minutes/4.1'), 'trustflow:24')
  assert.equal(line('trustflow/upload-kyc-failures/3'), 'trustflow:48')
  assert.equal(line('pilot/sev0/1'), 'pilot:79')
  assert.equal(line('pilot/immediate-actions/sev0-critical-funds-ledger/4.5'), 'pilot:105')
  assert.equal(line('pilot/incident-1/1'), 'pilot:268')
  assert.equal(line('chat-assistant/external-service/1'), 'chat-assistant:55')
  assert.equal(line('insurance-ai-bridge/scenario-5/resolution/1'), 'insurance-ai-bridge:205')
  assert.equal(line('inflow/mitigate/quick-mitigations/3'), 'inflow:60')
  assert.equal(line('inflow/communicate'), 'inflow:63')
})

t.test('clocks and templates', { skip }, async () => {
  const [trustflow, pilot, chat, bridge, inflow] = IDS.map(load) as [
    Runbook,
    Runbook,
    Runbook,
    Runbook,
    Runbook,
  ]
  const brief = (timings: Runbook['waits']) =>
    timings.map(({ line, minutes, target, levels }) => [line, minutes, target, levels?.join()])
  const timed = (timings: Runbook['escalations']) =>
    timings.filter(({ condition }) => condition === undefined)
  assert.deepEqual(brief(trustflow.waits), [[60, 30, undefined, undefined]])
  assert.deepEqual(brief(inflow.waits), [[75, 15, undefined, undefined]])
  assert.deepEqual(brief(inflow.escalations), [
    [103, 15, 'Add second on-call', undefined],
    [104, 30, 'Page lead', undefined],
    [105, 60, 'Page VP', undefined],
  ])
  assert.deepEqual(brief(timed(pilot.escalations)), [
    [162, undefined, 'Level 2: On-Call Engineer', 'SEV0,SEV1'],
    [163, 15, 'Level 2: On-Call Engineer', 'SEV0'],
    [163, 60, 'Level 2: On-Call Engineer', 'SEV1'],
    [177, 60, 'Level 3: Pilot Coordinator', undefined],
  ])
  assert.deepEqual(brief(timed(chat.escalations)), [[143, undefined, 'Engineering Lead', 'SEV1,SEV2']])
  assert.deepEqual(brief(bridge.escalations), [
    [50, undefined, 'engineering manager', 'P1,P2'],
    [51, undefined, undefined, 'P3,P4'],
  ])
  assert.deepEqual(brief(chat.updateCadences), [[82, 30, undefined, undefined]])
  assert.deepEqual([chat.postmortemDeadline?.minutes, inflow.postmortemDeadline?.minutes], [1440, 2880])
  assert.deepEqual(
    [chat, bridge, inflow].map(({ messageTemplates }) => messageTemplates.map(({ title }) => title)),
    [
      ['Initial Update', 'Resolution Update', 'Post initial status'],
      ['Incident Announcement', 'Resolution Update'],
      ['Communicate'],
    ],
  )
  assert.deepEqual(
    [trustflow, pilot, chat, bridge, inflow].map(({ postmortemTemplate }) => postmortemTemplate?.line),
    [undefined, 340, 104, 83, 81],
  )
})

/** Counted by hand, each by the line it stands on. */
const COUNTED: Record<
  'timeBoxes' | 'cadences' | 'byRole' | 'byCondition' | 'contacts' | 'openWaits' | 'business',
  Partial<Record<(typeof IDS)[number], number[]>>
> = {
  timeBoxes: { trustflow: [18], 'chat-assistant': [22], inflow: [34] },
  cadences: { trustflow: [26], 'chat-assistant': [82] },
  byRole: { 'chat-assistant': [141, 142, 143, 144] },
  // those of 159 and 173 say again what the criteria below them say
  byCondition: { pilot: [134, 147, 159, 173, 176, 178, 191, 192, 193, 205, 206, 207] },
  contacts: {
    'chat-assistant': [141, 142, 143, 144],
    'insurance-ai-bridge': [46, 47, 300, 301, 304, 305, 308, 309, 310],
    inflow: [93, 94, 95],
  },
  openWaits: { pilot: [130, 250], 'insurance-ai-bridge': [78, 159] },
  // of a scale in headings by the heading
  business: { pilot: [43, 60], 'chat-assistant': [18], inflow: [12], 'insurance-ai-bridge': [51] },
}

t.test(
  'what stands in them, counted by hand, is in what was read, and nothing else is',
  { skip },
  async () => {
    const lines = (all: readonly { line: number }[]) => all.map(({ line }) => line)
    for (const id of IDS) {
      const { timeBoxes, escalations, contacts, waits, updateCadences, severities } = load(id)
      const conditions = escalations.filter(({ condition }) => condition !== undefined)
      const levels = escalations.filter(each => each.levels && each.minutes === undefined && !each.business)
      const isTable = id === 'chat-assistant'
      const found: Record<keyof typeof COUNTED, number[]> = {
        timeBoxes: lines(timeBoxes),
        cadences: lines(updateCadences),
        byRole: isTable ? lines([...conditions, ...levels]).sort((a, b) => a - b) : [],
        byCondition: isTable ? [] : lines(conditions),
        contacts: lines(contacts),
        openWaits: lines(waits.filter(({ minutes }) => minutes === undefined)),
        business: [
          ...lines(severities.filter(each => each.responseTime?.business)),
          ...lines(escalations.filter(({ business }) => business)),
        ],
      }
      for (const [what, counted] of Object.entries(COUNTED))
        assert.deepEqual(found[what as keyof typeof COUNTED], counted[id] ?? [], `${id}: ${what}`)
    }
  },
)

t.test('the thread reads all five, with all codes distinct', { skip }, async () => {
  const sources = IDS.map(id => {
    const source = readFileSync(`${folder}/${id}.md`, 'utf8')
    return { id, source, digest: sha256(source) }
  })
  const runbooks = await readRunbooks(sources, FLAGS)
  assert.deepEqual(
    runbooks.map(({ steps }) => steps.length),
    Object.values(STEPS),
  )
  const codes = runbooks.flatMap(({ steps }) => steps.map(({ code }) => code))
  assert.equal(new Set(codes).size, codes.length)
})
