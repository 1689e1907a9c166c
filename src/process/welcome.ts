// What a start prints for a person: where the service is, and lines to paste that kill a flag, show it, query the log and
// restore it.

import { join } from 'node:path'
import type { Config } from '../config.js'
import type { Server } from '../server.js'

export function welcome({ address, firstStart, parts }: Server, config: Config): string {
  const { flags, catalogue } = parts.log.state
  const store = config.redisUrl === undefined ? 'local store' : 'Redis'
  const lines = [
    `Killswitch is up: ${address}  (${config.environment}, ${store}, ${flags.size} flags, ${catalogue?.runbooks.length ?? 0} runbooks)`,
    `API page: ${address}/docs`,
  ]
  if (firstStart === undefined) return `\n${lines.join('\n')}\n\n`
  return `\n${[...lines, '', ...tokens(firstStart), '', ...example(address, firstStart, parts)].join('\n')}\n\n`
}

type FirstStart = NonNullable<Server['firstStart']>

function tokens({ created, folder }: FirstStart): string[] {
  if (created === undefined) return [`Tokens: ${join(folder, '<role>')}`]
  return [
    `First start: one token per role was made in ${folder} (shared: give people their own with KILLSWITCH_TOKENS_FILE).`,
    'They are shown this once:',
    `  export OPERATOR=${created.operator}`,
    `  export ENGINEER=${created.engineer}`,
  ]
}

/** Lines that work as they stand, on a flag of this catalogue and a step that kills it. */
function example(
  address: string,
  { created, folder }: FirstStart,
  { log, runbooks }: Server['parts'],
): string[] {
  const keys = [...log.state.flags.keys()]
  const key = keys.includes('ai_v1') ? 'ai_v1' : keys[0]
  if (key === undefined) return []
  const named = encodeURIComponent(key)
  const kills = runbooks
    .steps(key)
    .filter(({ step }) => step.flagActions.some(action => action.flag === key && action.direction === 'kill'))
  const step = (kills.find(({ step: { flagActions } }) => flagActions.length === 1) ?? kills[0])?.step
  const known =
    created === undefined
      ? [`  export OPERATOR=$(cat ${join(folder, 'operator')}) ENGINEER=$(cat ${join(folder, 'engineer')})`]
      : []
  const auth = (who: string) => `-H "Authorization: Bearer $${who}"`
  const json = (body: object) => `-H 'Content-Type: application/json' -d '${JSON.stringify(body)}'`
  return [
    // a restart does not wait for the runbooks
    `Paste these: kill a flag${step ? ' from a runbook step' : ''}, show it, query the log, restore it.`,
    ...known,
    `  curl -sS ${address}/v1/flags/${named}/kill ${auth('OPERATOR')} ${json({ incident: 'INC-1', ...(step ? { step: step.code } : {}) })}`,
    `  curl -sS ${address}/v1/flags/${named} ${auth('OPERATOR')}`,
    `  curl -sS '${address}/v1/audit?flag=${named}' ${auth('OPERATOR')}`,
    `  curl -sS ${address}/v1/flags/${named}/restore ${auth('ENGINEER')} ${json({ incident: 'INC-1', reason: 'well again' })}`,
  ]
}
