// Whether a kill that was restored since is proved: by whoever ran while the flag was killed, and by nobody else.

import assert from 'node:assert/strict'
import t from 'tap'
import { converge, type Flip } from '../../src/domain/fleet/convergence.js'
import type { Member } from '../../src/domain/fleet/member.js'
import { type Entry, placeOf } from '../../src/domain/log/audit.js'
import { aFlag, NOW, stateWith } from '../support/domain.js'
import { Story } from '../support/incidents.js'

const MINUTE = 60_000
const minute = (minutes: number): number => NOW + minutes * MINUTE

/** It runs since then, and shows what the log says at its end. */
const aMember = (instance: string, openedAt: number, places: number[]): Member => ({
  ...{ id: instance, app: 'trustflow', instance, credential: '', proves: true, openedAt, heardAt: minute(6) },
  ...{ number: 1, standing: 'here', shown: places.map(revision => ({ revision, at: minute(6) })) },
  receipt: { inForce: {}, revision: places.at(-1) ?? 0 } as NonNullable<Member['receipt']>,
})

t.test('a kill that was restored', async t => {
  const told = new Story(stateWith(aFlag('ai_v1')))
  const [kill] = told.kill('ai_v1', 'INC-1', 1) as [Entry]
  const [restore] = told.restore('ai_v1', { all: true }, 5) as [Entry]
  const flip: Flip = {
    ...{ log: '', revision: placeOf(kill), application: 'trustflow', at: minute(1) },
    ...{ action: 'kill', flag: 'ai_v1' },
  }
  const around = { now: minute(6), flippedAt: minute(5), known: told.state, served: 0, because: [] }
  const both = [placeOf(kill), placeOf(restore)]

  t.test('is confirmed by an app that ran meanwhile', async () => {
    const found = converge(flip, [aMember('api-1', minute(0), both)], around)
    assert.deepEqual([found.status, found.applied], ['confirmed', ['api-1']])
  })

  t.test('is not confirmed by one that was cut off meanwhile, and leapt over it', async () => {
    const found = converge(flip, [aMember('api-1', minute(0), [placeOf(kill) - 1, placeOf(restore)])], around)
    assert.deepEqual([found.status, found.applied], ['unconfirmed', []])
  })

  t.test('is not confirmed by one that came up after it was over, and does not wait for it', async () => {
    const late = aMember('late', minute(5) + 1_000, [placeOf(restore)])
    assert.equal(converge(flip, [late], around).status, 'unproven')
    const found = converge(flip, [late, aMember('api-1', minute(0), both)], around)
    assert.deepEqual([found.status, found.applied], ['confirmed', ['api-1']])
    const again: Flip = { ...flip, action: 'restore', revision: placeOf(restore), at: minute(5) }
    assert.deepEqual(converge(again, [late], around).applied, ['late'])
  })
})
