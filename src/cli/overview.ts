// What `killswitch` alone says: at 03:00, the five lines that are needed.

import type { Style } from './print/style.js'

export const overview = ({
  bold,
  dim,
  cyan,
}: Style): string => `${bold('Killswitch')} turns a feature off, everywhere, and proves it.

  ${cyan('killswitch status')}                                what is in force, and who holds it
  ${cyan('killswitch kill')} <flag> [--step s] [--incident i] off, now; asks nothing
  ${cyan('killswitch run')} <step> [--incident i]             all kills of a runbook step
  ${cyan('killswitch undo')} <flag>                           take back your own kill, within 5 minutes
  ${cyan('killswitch restore')} <flag> --reason "..."         back on; shows the holds and asks

  then   ${cyan('incident declare')}, ${cyan('note')}, ${cyan('show')}, ${cyan('resolve')}, ${cyan('postmortem')}
  look   ${cyan('steps')}, ${cyan('runbook show')}, ${cyan('fleet')}, ${cyan('audit query')}, ${cyan('audit tail')}
  care   ${cyan('doctor')}, ${cyan('drill')}, ${cyan('check')}, ${cyan('token create')}, ${cyan('completion')}, ${cyan('serve')}

A kill is a hold: it stays until somebody releases it. Steps are taken by name, by any clear shortening,
or by their five letters. Every command explains itself with an example: ${cyan('killswitch kill --help')}

${dim('The service: KILLSWITCH_URL (a comma list is tried in order) and KILLSWITCH_TOKEN, or ~/.config/killswitch/config.yaml.')}
${dim('Not sure whether you would get through? killswitch doctor')}
`
