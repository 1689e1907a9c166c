// The sessions of this app's processes on disk, one file each, beside the cache file: so that whoever comes up after a
// crash can tell the service whose place it takes. Readable by their owner alone. A folder that fails costs that, no more.

import { createHash, randomBytes } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { refuseFolder, writeWhole } from '../keep/own-files.js'
import type { Voice } from '../logger.js'
import { type Owner, standingOf, thisProcess } from './owner.js'
import { isSecret, type KeptSession, readKeptSession } from './wire-session.js'

/** A session that was left, and in which file if there is one. */
export type Predecessor = { session: string; path?: string }

type Making = { folder: string; app: string; instance: string; voice: Voice }

/** More files than these are not looked at, the newest first. */
const MOST_FILES = 256
const LONGEST_FILE = 4096

/** Secrets of this thread's own kill switches, under a global symbol: an app may hold the ESM and the CJS build at once. */
const LIVING = Symbol.for('killswitch.sessions')
const living = (): Set<string> => {
  const holder = globalThis as { [LIVING]?: Set<string> }
  holder[LIVING] ??= new Set()
  return holder[LIVING]
}

export class SessionFiles {
  private readonly making: Making
  private readonly own: Owner = thisProcess()
  private path: string | undefined
  private secret: string | undefined
  /** One thing at a time, in order. */
  private doing: Promise<void> = Promise.resolve()

  constructor(making: Making) {
    this.making = making
  }

  /** Those whose place this process takes: of its own name first, then the newest. */
  predecessors(): Predecessor[] {
    const { app, instance } = this.making
    const found = this.files().filter(({ kept }) => kept.app === app && this.isLeft(kept))
    const isNamesake = (kept: KeptSession) => Number(kept.instance === instance)
    return found
      .sort((a, b) => isNamesake(b.kept) - isNamesake(a.kept))
      .map(({ path, kept }) => ({ path, session: kept.session }))
  }

  /** Keeps this process' session, and removes what its predecessors left once it is kept. */
  keep(secret: string, predecessors: readonly Predecessor[]): Promise<void> {
    if (this.secret !== undefined) living().delete(this.secret)
    living().add(secret)
    this.secret = secret
    return this.inTurn(async () => {
      this.path ??= this.freePath(predecessors)
      await writeWhole(this.path, `${JSON.stringify(this.document(secret))}\n`)
      for (const { path, session } of predecessors)
        if (path !== undefined && path !== this.path && this.read(path)?.session === session)
          await rm(path, { force: true })
    })
  }

  /** After an orderly goodbye; without one the file stays for whoever comes next. */
  close(goodbye: boolean): Promise<void> {
    const { path, secret } = this
    this.path = undefined
    this.secret = undefined
    if (secret !== undefined) living().delete(secret)
    return this.inTurn(async () => {
      if (goodbye && path !== undefined && this.read(path)?.session === secret)
        await rm(path, { force: true })
    })
  }

  private inTurn(act: () => Promise<void>): Promise<void> {
    this.doing = this.doing.then(act).catch(error => {
      const { code, syscall, message } = error as NodeJS.ErrnoException
      const why = code === undefined ? message : `${code} at ${syscall}`
      this.making.voice.once(
        'sessions',
        `${this.making.folder} cannot be written (${why}): after a crash this process is waited for until somebody forgets it`,
      )
    })
    return this.doing
  }

  /** Not that of a process of the same name which is alive. */
  private freePath(predecessors: readonly Predecessor[]): string {
    const { folder, app, instance } = this.making
    const name = createHash('sha256').update(`${app}\0${instance}`).digest('hex').slice(0, 32)
    const path = join(folder, `${name}.json`)
    const there = this.read(path)?.session
    if (there === undefined || predecessors.some(({ session }) => session === there)) return path
    return join(folder, `${name}.${process.pid}.${randomBytes(4).toString('hex')}.json`)
  }

  private document(session: string): KeptSession {
    const { app, instance } = this.making
    return { v: 1, app, instance, session, ...this.own }
  }

  /** Of this name: not provably alive. Of any other: provably dead. */
  private isLeft(kept: KeptSession): boolean {
    const standing = standingOf(kept, this.own)
    if (standing === 'here') return !living().has(kept.session)
    return standing === 'dead' || (standing === 'unknown' && kept.instance === this.making.instance)
  }

  /** The newest first. */
  private files(): { path: string; kept: KeptSession }[] {
    const { folder, voice } = this.making
    try {
      refuseFolder(folder)
      return readdirSync(folder)
        .filter(name => name.endsWith('.json'))
        .map(name => join(folder, name))
        .map(path => ({ path, at: lstatSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
        .sort((a, b) => b.at - a.at)
        .slice(0, MOST_FILES)
        .flatMap(({ path }) => {
          const kept = this.read(path)
          return kept ? [{ path, kept }] : []
        })
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      if (code !== 'ENOENT')
        voice.once('sessions', `the sessions in ${folder} cannot be read: ${code ?? message}`)
      return []
    }
  }

  /** Undefined for what is none of ours. */
  private read(path: string): KeptSession | undefined {
    try {
      const stat = lstatSync(path)
      const own = process.getuid?.()
      if (!stat.isFile() || stat.size > LONGEST_FILE || (own !== undefined && stat.uid !== own))
        return undefined
      const kept = readKeptSession(readFileSync(path, 'utf8'))
      return kept && isSecret(kept.session) ? kept : undefined
    } catch {
      return undefined
    }
  }
}
