// How long ago this instance took an entry in, by its own running time: no date of an entry, and no clock of the day, has a
// part in it. Pure: hours are passed in, in milliseconds of running time.

/** Everything up to `place` had been taken in at `at`, and nothing after it. */
export type Mark = { place: number; at: number }

/**
 * `atLeastMs` counts what is certain: a wait is over by it. `atMostMs` counts what is possible: a permission ends by it.
 * Absent where nothing bounds it, as after a start that does not know how long the process was away.
 */
export type Age = { atLeastMs: number; atMostMs?: number }

const DAY_MS = 24 * 3_600_000
/** How long an Idempotency-Key is remembered, and a day more for what is counted by marks. */
export const KEY_KEPT_MS: number = 7 * DAY_MS
const MARKS_KEPT_MS = 8 * DAY_MS
/** Two marks are so much closer than they are old, at least: an age is right to a hundredth. */
const FINENESS = 100
const MOST_BEFORE_THINNING = 256

export class Marks {
  #marks: Mark[]
  #thinned = 0
  /** Ages of what was taken in before it are bounded by nothing. */
  #knownFrom: number

  constructor(marks: readonly Mark[] = [], knownFrom = 0) {
    this.#marks = [...marks]
    this.#knownFrom = knownFrom
  }

  get all(): readonly Mark[] {
    return this.#marks
  }

  get knownFrom(): number {
    return this.#knownFrom
  }

  /** The log ended at `place`, as far as this instance knew at `at`. */
  add(place: number, at: number): void {
    const [before, last] = [this.#marks.at(-2), this.#marks.at(-1)]
    if (last !== undefined && place < last.place) return
    // of one place the first mark and the last
    if (last?.place === place && before?.place === place) last.at = at
    else this.#marks.push({ place, at })
    if (this.#marks.length > 2 * this.#thinned + MOST_BEFORE_THINNING) this.#thin(at)
  }

  /** The log was left after `place`. */
  cut(place: number): void {
    this.#marks = this.#marks.filter(mark => mark.place <= place)
  }

  ageOf(place: number, now: number): Age {
    const found = this.#firstFrom(place)
    const [before, taken] = [this.#marks[found - 1], this.#marks[found]]
    const atLeastMs = Math.max(0, now - (taken?.at ?? now))
    if (before === undefined || taken === undefined || before.at < this.#knownFrom) return { atLeastMs }
    return { atLeastMs, atMostMs: Math.max(0, now - before.at) }
  }

  /** The last place that was there at `at`; 0 where that is not known. */
  placeAt(at: number): number {
    let place = 0
    // asked of a week ago with each commit: few marks are older
    for (const mark of this.#marks) {
      if (mark.at > at) break
      place = mark.place
    }
    return place
  }

  /** Up to it nobody saw the entries come in: this instance found them there. */
  get foundUpTo(): number {
    return this.#marks[0]?.place ?? Number.POSITIVE_INFINITY
  }

  #firstFrom(place: number): number {
    let [low, high] = [0, this.#marks.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#marks[middle]!.place >= place) high = middle
      else low = middle + 1
    }
    return low
  }

  #thin(now: number): void {
    const kept: Mark[] = []
    for (const [index, mark] of this.#marks.entries()) {
      const [before, next] = [kept.at(-1), this.#marks[index + 1]]
      if (next !== undefined && now - next.at > MARKS_KEPT_MS) continue
      const gap = next === undefined || before === undefined ? Infinity : next.at - before.at
      if (gap > (now - mark.at) / FINENESS) kept.push(mark)
    }
    this.#marks = kept
    this.#thinned = kept.length
  }
}

/** The clocks there are, RFC 3339. */
type Told = { own: string; store?: string; isApart?: boolean }

/**
 * What has certainly passed since an entry dated `at`: by it a wait is over. Of what this instance saw come in it is running
 * time. Of what it found there, it is what two clocks that agree say; one alone is not believed.
 */
export function certainMs(age: Age, at: string, { own, store, isApart }: Told): number {
  if (age.atMostMs !== undefined || store === undefined || isApart) return age.atLeastMs
  return Math.max(age.atLeastMs, Math.min(Date.parse(own), Date.parse(store)) - Date.parse(at))
}

/**
 * What may have passed: by it a permission ends. Of what this instance did not see come in it is what the stricter of two
 * clocks says; where there is one clock, or it is later than both, nothing is known.
 */
export function possibleMs({ atMostMs }: Age, at: string, { own, store }: Told): number {
  if (atMostMs !== undefined) return atMostMs
  if (store === undefined) return Number.POSITIVE_INFINITY
  const ms = Math.max(Date.parse(own), Date.parse(store)) - Date.parse(at)
  return ms < 0 ? Number.POSITIVE_INFINITY : ms
}

/**
 * The hour of an entry on a clock that says `now` and goes evenly: as it was dated, within what the age allows. A second or two
 * go by between a request and its entry.
 */
export function hourOf(dated: number, { atLeastMs, atMostMs }: Age, now: number): number {
  const latest = now - atLeastMs
  const earliest = atMostMs === undefined ? Number.NEGATIVE_INFINITY : now - atMostMs - SLACK_MS
  return Math.min(latest, Math.max(earliest, dated))
}
const SLACK_MS = 2_000
