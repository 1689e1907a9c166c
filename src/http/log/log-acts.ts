// What an owner does about the log itself. POST /v1/audit/redate: it is dated right after a clock that was ahead. POST
// /v1/audit/rekey: another key signs it.

import { hashLine, placeOf } from '../../domain/log/audit.js'
import type { Origin } from '../../service/submissions.js'
import { Redate, Redated, Rekey, Rekeyed } from '../../wire/audit.js'
import { ref } from '../../wire/members.js'
import { readHeaders } from '../flip/flips.js'
import { listEntry } from '../flip/present.js'
import type { App, Parts } from '../parts.js'
import { actorOf } from '../plumbing/auth.js'
import { readBody } from '../plumbing/free-text.js'

export function logActsRoutes(app: App, parts: Parts): void {
  redateRoute(app, parts)
  rekeyRoute(app, parts)
}

function redateRoute(app: App, { logActs, audit, environment }: Parts): void {
  app.post(
    '/v1/audit/redate',
    {
      config: { access: 'owner', flips: 'log.redated' },
      preValidation: readBody,
      preHandler: readHeaders,
      schema: {
        operationId: 'redateLog',
        summary: 'Date the log right again after a clock that was ahead',
        description:
          'While the last hour of the log is in the future, new entries are dated by it. The entry that this writes is dated by the clock, and so is what follows. Nothing before it is changed. Instances of a version that does not know this entry do not follow the log beyond it: update them first.',
        tags: ['audit'],
        body: ref(Redate),
        response: { 200: ref(Redated) },
      },
    },
    async request => {
      const { entries } = await logActs.redate(actorOf(request), request.body, request.origin as Origin)
      const place = placeOf(entries[0] as (typeof entries)[number])
      const { entry, line } = await audit.entry(place)
      const { at, redated } = entry
      return { environment, from: redated?.from ?? at, at, entry: listEntry(entry, hashLine(line)) }
    },
  )
}

function rekeyRoute(app: App, { logActs, log, audit, environment }: Parts): void {
  app.post(
    '/v1/audit/rekey',
    {
      config: { access: 'owner', flips: 'log.rekeyed' },
      preValidation: readBody,
      preHandler: readHeaders,
      schema: {
        operationId: 'rekeyLog',
        summary: 'Have another key sign the log from now on',
        description:
          'The entry that this writes is the last one that the key before signs: it proves to everybody who has that key which one comes after it. Give every instance the new key first, in the same file after the old one: an instance without it commits nothing from then on, and takes kills provisionally.',
        tags: ['audit'],
        body: ref(Rekey),
        response: { 200: ref(Rekeyed) },
      },
    },
    async request => {
      const from = log.state.signing?.keyId ?? ''
      const { entries } = await logActs.rekey(actorOf(request), request.body, request.origin as Origin)
      const place = placeOf(entries[0] as (typeof entries)[number])
      const { entry, line } = await audit.entry(place)
      return {
        environment,
        from: entry.sig?.slice(0, 8) ?? from,
        to: request.body.key,
        entry: listEntry(entry, hashLine(line)),
      }
    },
  )
}
