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
  const [, , room = '', name = '', act] = plain.split('/').map(decodeURIComponent)
  const typed = { body, query: new URLSearchParams(query), name: word(name), act }
  // of an incident, the act comes behind its name
  const what = method === 'POST' && room !== 'incidents' ? [name] : []
  return COMMANDS[[method, room, ...what].join(' ').trim()]?.(typed)
}

type Typed = { body: Record<string, unknown>; query: URLSearchParams; name: string; act: string | undefined }

const COMMANDS: Record<string, (typed: Typed) => string | undefined> = {
  'GET flags': ({ query, name }) =>
    ['killswitch status', query.has('flag') ? word(query.get('flag') || '<flag>') : name].join(' ').trim(),
  'GET steps': () => 'killswitch steps --all',
  'GET incidents': ({ name }) => (name ? `killswitch incident show ${name}` : 'killswitch incident list'),
  'GET instances': ({ query }) =>
    query.has('app') ? `killswitch fleet --app ${word(query.get('app') ?? '')}` : 'killswitch fleet',
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
  'POST audit redate': () => 'killswitch audit redate --reason "..."',
  'POST audit rekey': () => 'killswitch audit rekey <key> --reason "..."',
  'POST incidents': ({ body, name, act }) => (act === undefined ? declaring(body) : acting(name, act, body)),
  'POST steps run': ({ body: { step, flags, incident, reason } }) =>
    [
      'killswitch run',
      word(step),
      ...(Array.isArray(flags) ? flags : []).map(flag => `--flag ${word(flag)}`),
      ...(incident === undefined ? [] : [`-i ${word(incident)}`]),
      ...(reason === undefined ? [] : [`-r ${word(reason)}`]),
    ].join(' '),
}

const declaring = ({ id }: Typed['body']): string =>
  ['killswitch incident declare "..."', ...(id === undefined ? [] : [`--id ${word(id)}`])].join(' ')

function acting(name: string, act: string, { adopt, from }: Typed['body']): string | undefined {
  if (act === 'reopen') return `killswitch incident reopen ${name}`
  if (act !== 'adopt') return undefined
  const flags = (Array.isArray(adopt) ? adopt : []).map(word)
  const source = from === undefined ? [] : [`--from ${word(from)}`]
  return ['killswitch incident adopt', name, ...flags, ...source].join(' ')
}

/** As a shell takes it. A placeholder stays one. */
function word(given: unknown): string {
  const text = typeof given === 'string' ? given : given === undefined ? '' : JSON.stringify(given)
  return text === '' || /^(?:[\w@%+=:,./-]+|<\w+>)$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
