// Every code that /readyz may have under `degraded`, as the sources have them.

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../support/server.js'
import { read } from './pages.js'

/** Files that make conditions say so: by the type, or by the route's name. */
const MAKES = /\bCondition\b|Said on \/readyz/
/** What a log line, a warning or an answer has is no condition. */
const OF_LINES = /logger\.\w+\(\s*\{ code: '[a-z-]+'/g
const POSTURE = 'src/log/stores/redis/posture.ts'

export function conditionCodes(): string[] {
  const files = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.ts') && !/^(cli|wire|catalogue)\//.test(file))
    .map(file => read(join('src', file)))
    .filter(text => MAKES.test(text))
  const codes = files.flatMap(text => [
    ...text.replaceAll(OF_LINES, '').matchAll(/^\s*(?:.*\{ )?code: '([a-z-]+)'/gm),
  ])
  const posture = read(POSTURE)
  const checks = posture.slice(posture.indexOf('const CHECKS')).matchAll(/^ {2}async '?([a-z-]+)'?\(/gm)
  const found = [
    ...codes.map(([, code]) => code as string),
    ...[...checks].map(([, name]) => `redis-${name}`),
  ]
  return [...new Set(found)].sort()
}
