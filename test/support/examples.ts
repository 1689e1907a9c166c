// Asks the service for one real answer of each operation, for the documentation: long lists cut, what differs from run to
// run made the same.

import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseCheckpoint } from '../../src/domain/log/checkpoint.js'
import { cosignatureLine, parseWitnesses } from '../../src/domain/log/cosignature.js'
import { LogKeys } from '../../src/domain/log/log-keys.js'
import { COSIGNER, verifierKey } from '../../src/domain/log/note.js'
import { TestInstance } from './instance.js'
import { aLogKey } from './log-key.js'
import type { TestServer } from './server.js'
import { until } from './until.js'

const HEADERS = { 'user-agent': 'curl/8.5.0', 'x-request-id': 'req-1' }
const KEYED = (key: string) => ({ ...HEADERS, 'idempotency-key': key })
const STEP = 'trustflow/ai-instability/3'

/** The key that the service is to sign with in the end; `keyFile` has it after the one that signs first. */
const nextKey = generateKeyPairSync('ed25519').privateKey
const NEXT_KEY = new LogKeys([nextKey]).first!
export const keyFile = (folder: string): string => {
  const file = join(folder, 'log.key')
  const pem = nextKey.export({ type: 'pkcs8', format: 'pem' })
  writeFileSync(file, `${aLogKey()}${pem}`, { mode: 0o600 })
  return file
}

const WITNESS = 'witness.example/1'
const witnessKey = generateKeyPairSync('ed25519').privateKey
/** Of the service that is asked. */
export const witnesses = parseWitnesses(`1:${verifierKey(WITNESS, witnessKey, COSIGNER)}`)

/** By operationId, in the order of an incident. `tick` lets time go by after each, or sets the clock by so much. */
export async function askForExamples(
  { ask }: TestServer,
  tick: (ms?: number) => void,
): Promise<Record<string, unknown>> {
  const examples: Record<string, unknown> = {}
  const say = async (
    id: string,
    role: Parameters<typeof ask>[0],
    method: 'GET' | 'POST',
    path: string,
    body?: object,
  ) => {
    const headers = {
      ...HEADERS,
      ...(method === 'POST' && !path.startsWith('/ofrep') ? { 'idempotency-key': id } : {}),
    }
    const answer = await ask(role, method, path, { headers, ...(body === undefined ? {} : { body }) })
    tick()
    if (answer.status >= 300) throw new Error(`${id}: ${answer.status} ${answer.text}`)
    examples[id] = scrub(answer.body ?? answer.text)
    return answer
  }
  const get = (id: string, path: string, role: Parameters<typeof ask>[0] = 'operator') =>
    say(id, role, 'GET', path)
  const post = (id: string, path: string, body: object, role: Parameters<typeof ask>[0] = 'operator') =>
    say(id, role, 'POST', path, body)

  const incident = 'INC-42'
  await post('declareIncident', '/v1/incidents', {
    id: incident,
    title: 'AI answers fail',
    runbook: 'trustflow',
    severity: 'SEV-1',
  })
  const api = await new TestInstance(ask, 'api-7').poll()
  await post('postReceipts', '/v1/receipts', { receipts: [api.receipt()] }, 'sdk')
  const killed = await post('killFlag', '/v1/flags/ai_v1/kill', { incident, step: STEP })
  await api.apply()
  const proof = async () => (await ask('operator', 'GET', `/v1/flips/${killed.body.id}`)).body.proof
  await until(proof, 'the proof is in the log')
  await get('listFlags', '/v1/flags?killed=true')
  await get('getFlag', '/v1/flags/ai_v1')
  await get('getFlip', `/v1/flips/${killed.body.id}`)
  await get('getSnapshot', '/v1/snapshot', 'sdk')
  await api.report({ holding: { kyc_v1: ['lost-1'] } })
  await get('listInstances', '/v1/instances')
  const why = 'The kill was lost with its disk'
  await post('reconcileInstances', '/v1/instances/reconcile', { app: api.app, reason: why }, 'engineer')
  await new TestInstance(ask, 'api-8').report()
  const gone = { instance: 'api-8', app: api.app, reason: 'The host is gone' }
  await post('forgetInstances', '/v1/instances/forget', gone)
  await get('getFlagdDocument', '/flagd/flags.json', 'sdk')
  const context = { context: { targetingKey: 'customer-7' } }
  await post('evaluateFlag', '/ofrep/v1/evaluate/flags/ai_v1', context, 'sdk')
  await post('evaluateFlagsBulk', '/ofrep/v1/evaluate/flags', context, 'sdk')
  await get('getIncident', `/v1/incidents/${incident}`)
  await get('listIncidents', '/v1/incidents')
  const notes = `/v1/incidents/${incident}`
  await post('noteIncident', `${notes}/notes`, { kind: 'progress', text: 'Found the failing region' })
  await post('tickStep', `${notes}/steps`, { step: 'trustflow/first-10-minutes/1', ticked: 'done' })
  await post('changeIncident', `${notes}/changes`, { severity: 'SEV-2', reason: 'There is a way around it' })
  await ask('operator', 'POST', '/v1/flags/kyc_v1/kill', {
    body: { reason: 'uploads fail' },
    headers: KEYED('uploads'),
  })
  await post('adoptHolds', `${notes}/adopt`, { adopt: ['kyc_v1'] })
  await post('runStep', '/v1/steps/run', { step: STEP, incident: 'INC-43', flags: ['ai_v1'] })
  await post('drillFlag', '/v1/flags/inflow.llm/drill', { reason: 'Friday drill' }, 'engineer')
  const drill = { flag: 'inflow.llm', reason: 'Friday drill' }
  await post('drillNamedFlag', '/v1/flags/drill', drill, 'engineer')
  await post('killNamedFlag', '/v1/flags/kill', { flag: 'bridge.intake', incident, step: STEP })
  await get('housekeeping', '/v1/housekeeping')
  const restore = { incident, reason: 'Error rate at baseline for 30 minutes' }
  await post('restoreFlag', '/v1/flags/ai_v1/restore', restore, 'engineer')
  await ask('engineer', 'POST', '/v1/flags/kyc_v1/restore', { body: restore })
  const named = { flag: 'bridge.intake', ...restore }
  await post('restoreNamedFlag', '/v1/flags/restore', named, 'engineer')
  await post(
    'resolveIncident',
    `${notes}/resolve`,
    { force: true, reason: 'Well for an hour' },
    'coordinator',
  )
  await get('getPostmortem', `/v1/incidents/${incident}/postmortem`)
  await post('reopenIncident', `${notes}/reopen`, { reason: 'The errors are back' })
  const other = { id: 'INC-44', title: 'Chat is slow', runbook: 'chat-assistant', severity: 'SEV2' }
  await ask('operator', 'POST', '/v1/incidents', { body: other })
  await get('getMessage', '/v1/incidents/INC-44/messages/initial')
  const several = {
    flags: ['inflow.llm', 'bridge.intake'],
    incident: 'INC-44',
    reason: 'The provider is down',
  }
  await post('killFlags', '/v1/kills', several)
  await get('getActor', '/v1/actor')
  await get('listRunbooks', '/v1/runbooks')
  await get('getRunbook', '/v1/runbooks/trustflow')
  await get('listSteps', `/v1/steps?step=${STEP}`)
  await get('queryAudit', '/v1/audit?flag=ai_v1&action=kill&limit=1')
  await get('getEntry', `/v1/audit/${killed.body.id}`)
  await get('countAudit', '/v1/audit/counts?by=flag,action&action=kill')
  await get('getRoles', '/v1/audit/roles')
  await get('getInsights', '/v1/insights?application=trustflow')
  await get('verifyAudit', '/v1/audit/verify')
  await get('getCheckpoint', '/v1/audit/checkpoint')
  const { text } = await ask('viewer', 'GET', '/v1/audit/checkpoint')
  await post('addCosignatures', '/v1/audit/cosignatures', { checkpoint: cosigned(text) }, 'viewer')
  await get('getConsistency', '/v1/audit/consistency?from=2')
  await get('getProof', `/v1/audit/${killed.body.id}/proof`)
  tick(3_600_000)
  await ask('engineer', 'POST', '/v1/flags/drill', { body: drill })
  tick(-3_600_000)
  await post('redateLog', '/v1/audit/redate', { reason: 'The clock was an hour ahead' }, 'owner')
  await post('rekeyLog', '/v1/audit/rekey', { key: NEXT_KEY.id, reason: 'The yearly change' }, 'owner')
  await get('getKeyChanges', '/v1/audit/key-changes')
  await get('live', '/livez')
  await get('ready', '/readyz')
  examples.metrics = 'killswitch_flags_killed{environment="production"} 1\n'
  examples.stream = 'id: 12\nevent: change\ndata: {"v":1,"revision":12,...}\n\n'
  examples.ofrepEvents = 'data: {"type":"refetchEvaluation"}\n\n'
  return examples
}

/** By a witness that looked when the checkpoint was signed. */
function cosigned(text: string): string {
  const { note, checkpoint } = parseCheckpoint(text) as NonNullable<ReturnType<typeof parseCheckpoint>>
  return text + cosignatureLine(note, WITNESS, witnessKey, Date.parse(checkpoint.time as string))
}

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g

/** At most two of a list, and nothing in it that is another one next time. */
function scrub(value: unknown, name = ''): unknown {
  if (Array.isArray(value)) return value.slice(0, 2).map(each => scrub(each))
  if (typeof value === 'string') return name === 'next' ? 'bi43LmFiY2RlZg' : scrubText(value)
  if (typeof value !== 'object' || value === null) return name === 'ageMs' ? 0 : value
  const members = Object.entries(value)
  const kept =
    name === 'flags' && !members.some(([, each]) => typeof each !== 'object') ? members.slice(0, 2) : members
  return Object.fromEntries(kept.map(([key, each]) => [key, scrub(each, key)]))
}

function scrubText(text: string): string {
  return text
    .replace(/\b[0-9a-f]{64}\b/g, '6b1e'.repeat(16))
    .replace(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, '2026-11-20T03:00:00.120Z')
    .replace(/\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/g, '2026-11-20 03:00:00 UTC')
    .replace(UUID, '0b8f8a4e-7c1d-4c52-9d1e-3f6f6a7b8c9d')
    .replace(/\/ofrep\/v1\/events\/[\w.-]+/, '/ofrep/v1/events/a-secret')
    .replace(/[A-Za-z0-9+/]{43,}=+/g, match => `${'Zm9v'.repeat(11).slice(0, match.length - 1)}=`)
    .replace(/\b[0-9a-f]{8}\.[\w-]{86}/g, `51d04a8b.${'Zm9v'.repeat(22).slice(0, 86)}`)
    .replace(/(killswitch\/\w+\/)[0-9a-f]{16}/g, '$16b1e6b1e6b1e6b1e')
}
