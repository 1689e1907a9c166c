// What a runbook says in other languages, and by its shape in any: flips, scales, waits, escalations, deadlines, and what no
// list of words covers.
import assert from 'node:assert/strict'
import t from 'tap'
import { actionsOf, findingsOf, read, stepsOf } from './reading.js'

const go = (heading: string, ...items: string[]) =>
  `## ${heading}\n\n${items.map((item, index) => `${index + 1}. ${item}`).join('\n')}\n`

const SAID: [language: string, heading: string, sure: string, limited: string, conditional: string][] = [
  [
    'German',
    'Was zu tun ist, wenn die Anlage nicht antwortet und die Leitung nicht zu erreichen ist',
    '`ai_v1` sofort abschalten',
    '`ai_v1` für Werk 7 abschalten',
    'Falls die Pumpe steht, `ai_v1` deaktivieren',
  ],
  [
    'Spanish',
    'Qué hacer si el servicio no responde y el jefe de turno no está en la planta',
    'Apagar `ai_v1` ahora',
    'Desactivar `ai_v1` para el cliente Ruiz',
    'Si la bomba se para, desactivar `ai_v1`',
  ],
  [
    'French',
    'Que faire si le service ne répond pas et que le chef est dans un autre bâtiment avec la clé',
    'Couper `ai_v1` tout de suite',
    'Désactiver `ai_v1` pour le client Blanc',
    'Si la pompe est en panne, désactiver `ai_v1`',
  ],
  [
    'Portuguese',
    'O que fazer se o serviço não responde e o chefe da equipe está em um outro prédio com a chave',
    'Desligar `ai_v1` agora',
    'Desativar `ai_v1` para o cliente Lima',
    'Se a bomba parar, desativar `ai_v1`',
  ],
  [
    'Japanese',
    '応答しないときの手順',
    '`ai_v1` を停止する',
    '`ai_v1` を大阪のみ無効にする',
    'ポンプが止まった場合、`ai_v1` を無効にする',
  ],
  ['Chinese', '服务无响应时的步骤', '马上禁用 `ai_v1`', '仅在华东关闭 `ai_v1`', '如果水泵停了，关闭 `ai_v1`'],
]

for (const [language, heading, sure, limited, conditional] of SAID)
  t.test(`${language}: a flip that is sure, one that is limited, one that depends`, async () => {
    const [first, second, third] = read(go(heading, sure, limited, conditional)).steps.map(
      ({ flagActions }) => flagActions[0],
    )
    assert.deepEqual(
      [first?.confidence, first?.direction, first?.limit, first?.condition],
      ['high', 'kill', undefined, undefined],
      sure,
    )
    assert.equal(second?.direction, 'kill', limited)
    assert.ok(second?.limit ?? second?.condition, limited)
    assert.equal(second?.confidence, 'low', limited)
    assert.ok(third?.condition, conditional)
  })

t.test('a flip that is forbidden in another language is told, and is none', async () => {
  const source = go(
    'Was zu tun ist, wenn die Anlage steht und der Leiter nicht da ist',
    '`ai_v1` nie abschalten',
  )
  assert.deepEqual(actionsOf(source), [])
  assert.deepEqual(findingsOf(source), ['unread-flip@3'])
})

t.test('a language nobody knows is told, and loses no bullet', async () => {
  const source = `## Kroki

Ten dokument opisuje, co robić, gdy usługa płatności przestaje odpowiadać, a kierownik zmiany jest daleko i trzeba szybko działać samemu, bez czekania na innych, w nocy.

- Sprawdź kolejkę
- Wyłącz \`ai_v1\`
- Zadzwoń do działu
`
  assert.equal(stepsOf(source).length, 3)
  assert.deepEqual(findingsOf(source), ['unknown-language@1', 'unread-flip@6'])
})

t.test('a scale is one by its levels and times, whatever its titles say', async () => {
  const scale = (source: string) =>
    read(source).severities.map(({ level, responseTime }) => [level, responseTime?.minutes])
  assert.deepEqual(
    scale('## X\n\n| Poziom | Opis | Czas |\n|---|---|---|\n| P1 | a | 5 min |\n| P2 | b | 2 h |\n'),
    [
      ['P1', 5],
      ['P2', 120],
    ],
  )
  assert.deepEqual(
    scale('## X\n\n- SEV1: down, respond within 10 minutes\n- SEV2: slow, respond within 1 hour\n'),
    [
      ['SEV1', 10],
      ['SEV2', 60],
    ],
  )
  assert.deepEqual(
    scale('## X\n\n| When | Do |\n|---|---|\n| P1 | Page the lead |\n| P2 | Mail the lead |\n'),
    [],
  )
})

t.test('escalations by their times', async () => {
  const calls = (source: string) => read(source).escalations.map(({ minutes, target }) => [minutes, target])
  assert.deepEqual(calls('## Escalada\n\n| Tiempo | Persona |\n|---|---|\n| T+15 | Jefa de turno |\n'), [
    [15, 'Jefa de turno'],
  ])
  assert.deepEqual(calls('## Eskalation\n\n- T+1h: Werksleitung anrufen\n- 20 Min → zweite Schicht\n'), [
    [60, 'Werksleitung anrufen'],
    [20, 'zweite Schicht'],
  ])
})

t.test('waits and deadlines in each language', async () => {
  const waits = (...items: string[]) => read(go('Schritte', ...items)).waits.map(({ minutes }) => minutes)
  assert.deepEqual(
    waits(
      '15 Minuten warten: warten 15 Minuten',
      'Esperar 10 minutos',
      'Attendre 2 heures',
      'Aguardar 5 minutos',
    ),
    [15, 10, 120, 5],
  )
  assert.equal(read('## Post‑mortem (within 2 days)\n\n- Write it\n').postmortemDeadline?.minutes, 2880)
  assert.equal(
    read('## Post-mortem (innerhalb von 48 Stunden)\n\n- Schreiben\n').postmortemDeadline?.minutes,
    2880,
  )
})

t.test('labels end where their list ends, and counted things to do are steps', async () => {
  assert.deepEqual(
    stepsOf(
      '## Ways\n\n**1. Go back:**\n\n```bash\nundo\n```\n\n**When to go back:**\n\n- It is new\n\n**2. Go on:**\n\n```bash\nredo\n```\n',
    ),
    ['ways/1 | Go back:', 'ways/2 | Go on:'],
  )
  assert.deepEqual(
    stepsOf('## Look\n\n**Check 1: the disk**\n\n- Free some\n\n**Option B - the cable**\n\n- Swap it\n'),
    ['look/1 | the disk', 'look/1.1 | Free some', 'look/2 | the cable', 'look/2.1 | Swap it'],
  )
})
