// What every answer of Killswitch has, by what was asked: JSON without it is another service's, whatever its status says.

const FLIP = ['action', 'outcome', 'changed']
const WRITTEN = ['id', 'changed', 'incident']

/** The narrower path first. */
const MEMBERS: [method: string, path: RegExp, members: readonly string[]][] = [
  ['POST', /^\/v1\/(kills|steps\/run|flags\/(.+\/)?(kill|restore|drill))$/, FLIP],
  ['GET', /^\/v1\/flags$/, ['flags']],
  ['GET', /^\/v1\/flags\/[^/]+$/, ['key', 'killed', 'holds']],
  ['GET', /^\/v1\/flips\/[^/]+$/, ['state', 'detail']],
  ['POST', /^\/v1\/incidents(\/[^/]+\/[a-z]+)?$/, WRITTEN],
  ['GET', /^\/v1\/incidents$/, ['incidents']],
  ['GET', /^\/v1\/incidents\/[^/]+$/, ['id', 'declared', 'clock', 'timeline']],
  ['GET', /^\/v1\/incidents\/[^/]+\/messages\/[^/]+$/, ['text', 'unfilled']],
  ['GET', /^\/v1\/housekeeping$/, ['unattended', 'longKilled', 'paperwork']],
  ['GET', /^\/v1\/runbooks$/, ['runbooks']],
  ['GET', /^\/v1\/runbooks\/[^/]+$/, ['id', 'steps', 'findings']],
  ['GET', /^\/v1\/steps$/, ['steps']],
  ['GET', /^\/v1\/audit$/, ['entries', 'head']],
  ['GET', /^\/v1\/audit\/verify$/, ['ok']],
  ['GET', /^\/v1\/audit\/consistency$/, ['from', 'to', 'proof']],
  ['GET', /^\/v1\/audit\/key-changes$/, ['log', 'changes']],
  ['GET', /^\/v1\/audit\/counts$/, ['by', 'groups', 'total']],
  ['GET', /^\/v1\/audit\/roles$/, ['roles', 'files', 'detail']],
  ['GET', /^\/v1\/insights$/, ['insights', 'drill']],
  ['GET', /^\/v1\/audit\/[^/]+\/proof$/, ['leafHash', 'proof']],
  ['GET', /^\/v1\/audit\/[^/]+$/, ['place', 'action', 'outcome']],
  ['POST', /^\/v1\/audit\/cosignatures$/, ['size', 'witnesses']],
  ['POST', /^\/v1\/audit\/re(date|key)$/, ['from', 'entry']],
  ['GET', /^\/v1\/instances$/, ['instances', 'live']],
  ['POST', /^\/v1\/instances\/forget$/, ['count', 'instances']],
  ['POST', /^\/v1\/instances\/reconcile$/, ['released', 'entry']],
  ['GET', /^\/v1\/actor$/, ['id', 'role']],
  ['GET', /^\/readyz$/, ['status', 'degraded']],
]

/** Of a path that is not there, nothing is known. */
export function membersOf(method: string, path: string): readonly string[] {
  const [asked = ''] = path.split('?', 1)
  return MEMBERS.find(([by, form]) => by === method && form.test(asked))?.[2] ?? []
}
