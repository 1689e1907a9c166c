// The service's messages name its routes and members; on a terminal they name what can be typed, and times as the rest of it.

const WORDS: [RegExp, string][] = [
  [/GET \/v1\/flags lists those there are/g, '"killswitch status" lists those there are'],
  [/GET \/v1\/steps lists the steps/g, '"killswitch steps --all" lists the steps'],
  [/POST \/v1\/flags\/:key\/restore/g, 'killswitch restore <flag>'],
  [/POST \/v1\/incidents with "id": "([^"]+)"/g, 'killswitch incident declare "..." --id $1'],
  [/POST \/v1\/incidents with this id takes/g, '"killswitch incident declare --id ... --adopt" takes'],
  [
    /GET \/v1\/incidents lists those there are; GET \/v1\/audit\?incident= has what is older/g,
    '"killswitch incident list" lists those there are; "killswitch audit query --incident" has what is older',
  ],
  [/GET \/v1\/audit\?limit=1 shows the newest/g, '"killswitch audit query -n 1" shows the newest'],
  [/GET \/v1\/flips\/(\S+?)(?=[,.]? )/g, 'killswitch flip $1'],
  [/send \{"undo": true\}/g, 'killswitch undo <flag>'],
  [/listed in "holds", or send \{"all": true\}/g, 'listed below, or give --all'],
  [/\("leave": flag, owner, until\)/g, '(--leave flag:owner:day)'],
  [/\("force": true, with a reason\)/g, '(--force --reason "...")'],
  [/leave it out of "leave"/g, 'leave it out of --leave'],
  [/send "(reason|leave)"/g, 'give --$1'],
  [/(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?Z/g, '$1 $2 UTC'],
  [/ \/docs (lists what there is|shows what this takes)\./g, ''],
]

export const forTerminal = (detail: string): string =>
  WORDS.reduce((text, [route, typed]) => text.replace(route, typed), detail)
