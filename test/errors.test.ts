// Errors are data: each code is known everywhere it must be, its members come through as they are, and no sentence is read
// back anywhere.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import type { Refusal } from '../sdk/src/follow/wire.js'
import { readProblem } from '../sdk/src/follow/wire.js'
import { EXIT, isUnable, RefusedError } from '../src/cli/plumbing/exit.js'
import { by, byCall, bySending, type ErrorData, KillswitchError } from '../src/domain/errors.js'
import { problemOf, STATUS } from '../src/http/plumbing/errors.js'
import { oneLine } from '../src/text/characters.js'
import { MEANINGS, type Problem } from '../src/wire/problem.js'
import { ERROR_CODES } from '../src/wire/words.js'
import { assertProblem, MEMBERS } from './support/problem.js'
import { ROOT } from './support/server.js'

t.test('each code', async t => {
  for (const code of ERROR_CODES)
    t.test(`${code} has a meaning, a status, and members that it must have`, async () => {
      assert.match(MEANINGS[code], /\S/)
      assert.ok(STATUS[code] >= 400 && STATUS[code] < 600)
      assert.ok(MEMBERS[code])
      const problem = problemOf(new KillswitchError(code, 'It is so.'), 'id')
      const refused = new RefusedError(problem, '', '')
      assert.equal(refused.exit, STATUS[code] >= 500 ? EXIT.unreachable : EXIT.refused, 'as the CLI ends')
    })

  t.test('is all there is, in each table', async () => {
    for (const table of [MEANINGS, STATUS, MEMBERS])
      assert.deepEqual(Object.keys(table).sort(), [...ERROR_CODES].sort())
  })

  t.test('that a CLI does not know is judged by its status', async () => {
    assert.deepEqual(
      [400, 503].map(status => isUnable({ code: 'of-a-later-version', status })),
      [false, true],
    )
  })
})

/** Without `readonly`, all the way down. */
type Loose<T> = T extends readonly (infer E)[]
  ? Loose<E>[]
  : T extends object
    ? { -readonly [K in keyof T]: Loose<T[K]> }
    : T
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : never) : never

/** What a name may hold that a sentence has, too. */
const aName = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.constantFrom(
    'did you mean "ai_v1"?',
    'a. Did you mean b? GET /v1/flags lists those there are.',
    '"; send "reason". Near: x, y.',
    'line\nbreak\r\n"detail":"no"',
    'it\'s \\"quoted\\"',
  ),
)

t.test('a problem', async t => {
  t.test('has every name as a member, unchanged, and makes its sentence of them, on one line', async () => {
    fc.assert(
      fc.property(aName, fc.array(aName, { maxLength: 4 }), (flag, near) => {
        const call = { method: 'POST', path: '/v1/flags/kill', body: { flag } } as const
        const wayOut = [byCall(call, 'kills it'), bySending({ reason: '' }), by('Or wait.')]
        const error = new KillswitchError('unknown-flag', `There is no flag "${flag}".`, {
          flag,
          near,
          wayOut,
        })
        const problem = JSON.parse(JSON.stringify(problemOf(error, 'id'))) as Problem
        assertProblem(problem)
        assert.deepEqual([problem.flag, problem.near, problem.wayOut?.[0]?.call], [flag, near, call])
        assert.equal(problem.detail, oneLine(error.detail))
        assert.ok(problem.detail.endsWith('Send "reason". Or wait.'))
        const read = readProblem(JSON.stringify(problem))
        assert.deepEqual(read, { code: 'unknown-flag', detail: problem.detail.slice(0, 500) })
      }),
    )
  })

  t.test('is declared with the members that an error may have, and the SDK knows a part of it', async () => {
    const own: Exclude<keyof Problem, keyof ErrorData> = 'detail' satisfies keyof KillswitchError
    const members: Same<Loose<ErrorData>, Loose<Pick<Problem, keyof ErrorData>>> = true
    const sdk: Same<Refusal, Loose<{ code: string; detail: Problem['detail'] }>> = true
    assert.deepEqual([own, members, sdk], ['detail', true, true])
  })
})

/** Where words are read that are not ours, or that nothing else tells apart; and why. */
const ALLOWED: Record<string, string> = {
  'src/log/stores/redis/errors.ts':
    'the one place that makes codes of the words of Redis and its client, which has none',
  'src/cli/client/client.ts': 'fetch says "bad port" without a code',
  'src/cli/incident/message.ts': "a word of the title of a runbook's template, as a person wrote it",
  'src/domain/incident/message.ts': 'titles and links that people wrote',
  'src/domain/incident/postmortem.ts': "titles of a runbook's template",
  'src/domain/incident/clock.ts': 'titles of links that people wrote',
}
const isRunbookReader = (path: string): boolean => path.startsWith('src/catalogue/runbooks/')

const NAMES = '(?:message|detail|details|errorDetails|title)'
const READERS =
  'match|matchAll|split|includes|startsWith|endsWith|indexOf|lastIndexOf|search|replace|replaceAll|localeCompare'
const PARSING = [
  new RegExp(String.raw`\b${NAMES}\)?(?:\?\.|!?\.)(?:${READERS})\(`),
  new RegExp(String.raw`\.(?:test|exec)\((?:[^()]|\([^()]*\))*\b${NAMES}\b`),
  new RegExp(String.raw`\.${NAMES}\s*[!=]==?\s*['"\`]`),
]

const sources = ['src', 'sdk/src', 'scripts'].flatMap(folder =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter(path => /\.(?:ts|mjs)$/.test(path))
    .map(path => `${folder}/${path}`),
)
const parsingLines = (path: string): string[] =>
  readFileSync(join(ROOT, path), 'utf8')
    .split('\n')
    .filter(line => PARSING.some(pattern => pattern.test(line)))

t.test('no sentence is read back', async t => {
  t.test('in src, in the SDK or in a script, but where the list says why', async () => {
    const found = sources.filter(path => !(path in ALLOWED) && !isRunbookReader(path))
    const lines = found.flatMap(path => parsingLines(path).map(line => `${path}: ${line.trim()}`))
    assert.deepEqual(lines, [])
  })

  t.test('and the list has no file that does not need it', async () => {
    for (const path of Object.keys(ALLOWED)) assert.ok(parsingLines(path).length > 0, path)
  })

  t.test('which the patterns would see', async () => {
    const bad = [
      "if (error.message.startsWith('READONLY')) return",
      "detail.replace(/ Near: .*/, '')",
      '/NOPERM/i.test((error as Error).message)',
      '/"detail":"(.*)"/.exec(problem.detail)',
      "warning.detail?.split('; ')",
      "(error as Error).message.split('\\n')[0]",
      "cause?.message === 'bad port'",
    ]
    assert.deepEqual(
      bad.filter(line => !PARSING.some(pattern => pattern.test(line))),
      [],
    )
  })
})
