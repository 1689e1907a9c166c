// What the service says to do, as what can be typed here. It is made from the call and the members that the answer names:
// no sentence is read.

import type { Call, Way } from '../../wire/way.js'

/** A way out as a sentence for a terminal; undefined where there is nothing to type, and nothing to read. */
export function wayFor({ text, does, call, send }: Way): string | undefined {
  if (call) {
    if (call.path === '/docs') return undefined
    const command = commandOf(call)
    return command === undefined ? text : `"${command}" ${does}.`
  }
  if (send === undefined) return text
  const options = Object.keys(send).map(name => OPTIONS[name])
  if (options.includes(undefined)) return text
  return does === undefined ? `Give ${options.join(' ')}.` : `${does}: give ${options.join(' ')}.`
}

export const waysFor = (ways: readonly Way[] = []): string[] => ways.flatMap(way => wayFor(way) ?? [])

/** The members of a body, as a verb takes them. */
const OPTIONS: Record<string, string> = {
  reason: '--reason "..."',
  leave: '--leave flag:owner:day',
  force: '--force',
  all: '--all',
  hold: '--hold <id>',
  incident: '--incident <id>',
}

/** The command that sends this call, or asks the same; undefined where no verb does. */
export function commandOf({ method, path, body = {} }: Call): string | undefined {
  const [plain = '', query] = path.split('?', 2)
  const [, , room = '', name = ''] = plain.split('/').map(decodeURIComponent)
  const typed = { body, query: new URLSearchParams(query), name: word(name) }
  return COMMANDS[[method, room, ...(method === 'POST' ? [name] : [])].join(' ').trim()]?.(typed)
}

type Typed = { body: Record<string, unknown>; query: URLSearchParams; name: string }

const COMMANDS: Record<string, (typed: Typed) => string> = {
  'GET flags': ({ query, name }) =>
    ['killswitch status', query.has('flag') ? word(query.get('flag') || '<flag>') : name].join(' ').trim(),
  'GET steps': () => 'killswitch steps --all',
  'GET incidents': ({ name }) => (name ? `killswitch incident show ${name}` : 'killswitch incident list'),
  'GET flips': ({ name }) => `killswitch flip ${name}`,
  'GET audit': ({ query }) =>
    query.has('incident')
      ? `killswitch audit query --incident ${word(query.get('incident') ?? '')}`
      : `killswitch audit query -n ${query.get('limit') ?? 50}`,
  'POST flags restore': ({ body }) =>
    body.undo === true
      ? `killswitch undo ${word(body.flag)}`
      : [
          `killswitch restore ${word(body.flag)}`,
          body.all === true ? '--all' : body.hold === undefined ? '' : `--hold ${word(body.hold)}`,
          '--reason "..."',
        ]
          .filter(part => part !== '')
          .join(' '),
  'POST incidents': ({ body }) =>
    `killswitch incident declare "..." --runbook ... --severity ... --id ${word(body.id)}`,
  'POST steps run': ({ body: { step, flags } }) =>
    [
      'killswitch run',
      word(step),
      ...(Array.isArray(flags) ? flags : []).map(flag => `--flag ${word(flag)}`),
    ].join(' '),
}

/** As a shell takes it. A placeholder stays one. */
function word(given: unknown): string {
  const text = typeof given === 'string' ? given : given === undefined ? '' : JSON.stringify(given)
  return text === '' || /^(?:[\w@%+=:,./-]+|<\w+>)$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
