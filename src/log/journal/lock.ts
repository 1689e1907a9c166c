// Keeps a second process out of a folder: listening sockets, which the kernel releases however the process ends.
// Never a pid file: nobody could tell a live one from a stale one.

import { createHash } from 'node:crypto'
import { realpath, unlink } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { by, KillswitchError } from '../../domain/errors.js'

export type Lock = { release(): Promise<void> }

/** The address of a Unix socket holds 107 bytes on Linux, 103 elsewhere. */
const ADDRESS_BYTES = 103

/**
 * Takes the folder. On Linux the name is abstract: no file to go stale. The socket in the folder itself also reaches
 * processes that see the same disk from another container. Throws `configuration` where somebody has it.
 */
export async function lockFolder(folder: string): Promise<Lock> {
  const path = await realpath(folder)
  const name = `killswitch-${createHash('sha256').update(path).digest('hex').slice(0, 32)}`
  const servers: Server[] = []
  const release = async (): Promise<void> => {
    await Promise.all(servers.map(server => new Promise<void>(done => server.close(() => done()))))
  }
  try {
    if (process.platform === 'linux') servers.push(await take(`\0${name}`, path))
    const file = join(path, 'lock')
    if (Buffer.byteLength(file) <= ADDRESS_BYTES) await takeFile(file, path, servers)
    else if (servers.length === 0) await takeFile(join(tmpdir(), name), path, servers)
  } catch (error) {
    await release()
    throw error
  }
  return { release }
}

/** A socket file that nobody answers at is left from a crash: it is removed, once. */
async function takeFile(file: string, folder: string, servers: Server[]): Promise<void> {
  try {
    const holder = await askHolder(file)
    if (holder !== undefined) throw held(folder, holder)
    await unlink(file).catch(() => undefined)
    servers.push(await take(file, folder))
  } catch (error) {
    // some shared disks know no sockets; the abstract name then has to do
    if (error instanceof KillswitchError || servers.length === 0) throw error
  }
}

async function take(address: string, folder: string): Promise<Server> {
  // nobody who asks can hold up the release, or bring the process down
  const server = createServer(socket => {
    socket.on('error', () => undefined).end(String(process.pid), () => socket.destroy())
  })
  try {
    await new Promise<void>((done, fail) => {
      server.once('error', fail).listen(address, done)
    })
    return server.on('error', () => undefined).unref()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    throw held(folder, (await askHolder(address)) ?? '')
  }
}

/** The pid of whoever listens; empty where it does not say, undefined where nobody listens. */
function askHolder(address: string): Promise<string | undefined> {
  return new Promise(done => {
    let answer = ''
    const socket = connect(address)
    const limit = setTimeout(() => socket.destroy(), 500)
    let isThere = false
    socket.on('connect', () => {
      isThere = true
    })
    socket.on('data', data => {
      answer += data.toString('latin1')
    })
    socket.on('error', () => undefined)
    socket.on('close', () => {
      clearTimeout(limit)
      done(isThere ? answer : undefined)
    })
  })
}

function held(folder: string, pid: string): KillswitchError {
  const who = /^\d+$/.test(pid) ? `process ${pid}` : 'another process'
  return new KillswitchError(
    'configuration',
    `The data folder ${folder} is in use by ${who}: two would damage the journal.`,
    { wayOut: [by('Stop that one, or give this one a folder of its own (KILLSWITCH_DATA_DIR).')] },
  )
}
