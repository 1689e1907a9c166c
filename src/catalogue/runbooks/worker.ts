// The other side of reader.ts: a thread that reads one runbook per message, so that it can be stopped.

import { parentPort } from 'node:worker_threads'
import { type ParseRequest, parseRunbook } from './parse.js'

parentPort?.on('message', (request: ParseRequest) => parentPort?.postMessage(parseRunbook(request)))
parentPort?.postMessage('ready')
