// How instructions are worded: the verbs runbooks begin with, numbers in front.
// Used to tell "Test in staging first" from "Instant rollback"; never to find a flag.

const VERBS = new Set(
  `abort accept acknowledge ack activate add adjust advise agree alert analyse analyze announce apply approve ask
  assemble assess assign attach attempt authenticate avoid backup begin block boot bounce bring build bump bypass call
  cancel capture change check choose clean clear click clone close collect communicate compare complete conduct
  configure confirm connect consider contact contain continue convert coordinate copy correct correlate create
  cordon deactivate debug decide declare decommission decrease defer define delete deploy describe destroy detach
  detect determine diagnose disable discard disconnect dismiss divert do document double-check download downgrade drain
  drop dump edit eject email enable enforce engage ensure enter escalate establish evaluate evict examine execute expand
  export extend extract fail failover fall fetch file filter find finish fix flip flush follow force forward free freeze
  gather generate get give go grant halt handle hand hold identify ignore implement import increase inform initiate
  inspect install investigate invalidate invite invoke isolate issue join keep kill launch leave let limit list load
  locate lock log login look lower maintain make manage manually mark measure merge migrate mitigate modify monitor
  mount move mute navigate note notify obtain observe offload open optimize optimise order page patch pause perform phone
  pick pin ping place plan point post prefer prepare press preserve prevent prioritize prioritise proceed promote provide
  provision publish pull purge push put query quarantine quiesce raise read reach rebalance reboot rebuild recommend
  record recover recreate redeploy redirect reduce refer refresh reject release reload remediate remind remove rename
  renew repair repeat replace replay replicate reply report reproduce request reroute reset resize resolve respond
  restart restore restrict resume retain retrieve retry return revert review revoke rewind roll rollback rotate route
  run sanity-check save scale scan schedule search secure see select send set share shed shift show shut shutdown sign
  silence simulate skip smoke-test snapshot spin ssh stabilize stabilise stage start stay stop store stream submit
  summarize summarise suspend swap switch sync tag take tail talk tell terminate test throttle tighten toggle trace
  track transfer trigger triage trim truncate try tune turn type unblock uncordon understand undo uninstall unlock
  unmount update upgrade upload use validate verify view wait wake warm warn watch wipe withdraw work write`.split(
    /\s+/,
  ),
)

const COMMANDS =
  /^(\$ |sudo |kubectl|docker|podman|helm|git |aws |gcloud|az |curl|wget|ssh |systemctl|service |journalctl|redis-cli|psql|mysql|mongo|npm |npx |yarn |pnpm |node |python|terraform|ansible|vercel|heroku|flyctl|make |consul|vault |kafka|rabbitmqctl|nomad|dig |ping |nc |tail |grep |cat |ps |top|htop|rm |mv |cp |export |\.\/)/

const FILLERS =
  /^(?:(?:please|then|also|finally|next|now|first|second|third|always|never|do not|don't|dont|immediately|again|and|or|to|just|you should|you must|you can|\w{1,20}ly)[\s,]+|re-|double-)+/i
const CONDITION = /^(if|when|once|after|before|in case|as soon as|unless|while|during)\b/i
/** A number in front: `3.`, `3)`, `2.1 -`, `Step 3:`; what is left without it begins at `length`. */
export function ownNumber(text: string): { number: string; length: number } | undefined {
  const match =
    /^[^\p{L}\p{N}]{0,8}(?:step|schritt|étape|etape|paso|passo|stap|手順|ステップ|步骤)\s*#?(\d{1,3}(?:\.\d{1,3}){0,9}[a-z]?)\s*(?:[:：.)\-–—]+\s*|\s+|$)/iu.exec(
      text,
    ) ??
    /^[^\p{L}\p{N}]{0,8}(\d{1,3}(?:\.\d{1,3})*)(?:[.)](?=\s|$)|\s*[:\-–—](?=\s)|(?<=\.\d{1,3})(?=\s))\s*/u.exec(
      text,
    )
  return match ? { number: match[1]!, length: match[0].length } : undefined
}

/** Does the text begin as an instruction, or ask a question? */
export function isAction(text: string, startsWithCode = false): boolean {
  const said = text.trim()
  if (said.includes('?') || CONDITION.test(said)) return true
  if (startsWithCode && COMMANDS.test(said)) return true
  const label = labelled(said)
  if (!label) return beginsWithVerb(said)
  const long = label.name.includes(' ') && beginsWithVerb(label.name)
  return long || beginsWithVerb(label.rest) || (beginsWithVerb(label.name) && COMMANDS.test(label.rest))
}

/** `Status Page: Update it` in two; the name is at most five words. */
export function labelled(text: string): { name: string; rest: string } | undefined {
  const match = /^([^:]{1,48}):\s+(\S.*)$/s.exec(text)
  return match && match[1]!.split(' ').length <= 5 ? { name: match[1]!, rest: match[2]! } : undefined
}

export function beginsWithVerb(text: string): boolean {
  const bare = text.replace(/^[^\p{L}]+/u, '').replace(FILLERS, '')
  const word = /^[\p{L}-]+/u.exec(bare)?.[0].toLowerCase()
  return word !== undefined && (VERBS.has(word) || VERBS.has(word.replace(/^(re|pre|un)-/, '')))
}

export const looksLikeCommand = (line: string): boolean => COMMANDS.test(line.trim())
