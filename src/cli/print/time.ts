// Times and durations for people: always both how long ago and exactly when, in UTC as the log has it.

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
export const DAY: number = 24 * HOUR

/** `0.3 s`, `12 s`, `4 min 10 s`, `3 h 5 min`, `2 d 1 h`. */
export function duration(ms: number): string {
  const span = Math.max(0, ms)
  if (span < 950) return `${(span / SECOND).toFixed(span < 9.5 ? 3 : span < 95 ? 2 : 1)} s`
  if (span < 99.5 * SECOND) return `${Math.round(span / SECOND)} s`
  const [big, small, names] =
    span < HOUR
      ? [MINUTE, SECOND, ['min', 's']]
      : span < 2 * DAY
        ? [HOUR, MINUTE, ['h', 'min']]
        : [DAY, HOUR, ['d', 'h']]
  const whole = Math.floor(span / big)
  const rest = Math.floor((span - whole * big) / small)
  return rest === 0 ? `${whole} ${names[0]}` : `${whole} ${names[0]} ${rest} ${names[1]}`
}

/** `4 min ago`, `in 12 s`, `now`. */
function relative(at: string, now: number): string {
  const ago = now - Date.parse(at)
  if (Math.abs(ago) < SECOND) return 'now'
  return ago > 0 ? `${coarse(ago)} ago` : `in ${coarse(-ago)}`
}

function coarse(ms: number): string {
  if (ms < 90 * SECOND) return `${Math.round(ms / SECOND)} s`
  if (ms < 90 * MINUTE) return `${Math.round(ms / MINUTE)} min`
  if (ms < 36 * HOUR) return `${Math.round(ms / HOUR)} h`
  return `${Math.round(ms / DAY)} d`
}

/** `03:00:12 UTC` today, else with its date. */
export function absolute(at: string, now: number): string {
  const iso = new Date(at).toISOString()
  const [date, time] = [iso.slice(0, 10), iso.slice(11, 19)]
  return date === new Date(now).toISOString().slice(0, 10) ? `${time} UTC` : `${date} ${time} UTC`
}

/** `4 min ago (03:00:12 UTC)` */
export const when = (at: string, now: number): string => `${relative(at, now)} (${absolute(at, now)})`

const UNITS: Record<string, number> = { s: SECOND, m: MINUTE, min: MINUTE, h: HOUR, d: DAY, w: 7 * DAY }

/** `90s`, `15m`, `2h`, `3d` in milliseconds; undefined for anything else. */
export function spanMs(text: string): number | undefined {
  const [, amount, unit] = /^(\d{1,6})\s*(s|m|min|h|d|w)$/.exec(text.trim()) ?? []
  return amount === undefined ? undefined : Number(amount) * (UNITS[unit as string] as number)
}
