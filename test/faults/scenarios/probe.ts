// Kills that a scenario asks for itself, one after the other, and times: an incident of its own for each.

import type { Attempt } from '../history.js'
import { ask } from '../http.js'
import { FLAGS, type Instance, type World } from '../world.js'

/** One kill, kept in the history like any other. */
export function kill(
  world: World,
  instance: Instance,
  name: string,
  flag = world.pick(FLAGS),
): Promise<Attempt> {
  return world.attempt(world.operation('kill', flag, `PROBE-${name}`, `probe-${name}`), instance)
}

export const tookMs = ({ sentMs, answeredMs }: Attempt): number => answeredMs - sentMs

/** What a request that needs nothing takes at this moment: how busy the machine is, beside what a kill takes. */
export async function floorMs(instance: Instance): Promise<number> {
  const sentMs = performance.now()
  await ask('GET', `${instance.url}/livez`)
  return performance.now() - sentMs
}
