// RFC 6962 trees against the vectors of Certificate Transparency, and proofs against every tree of up to 35 leaves.
// Vectors: github.com/transparency-dev/merkle, testonly/constants.go and proof/verify_test.go (Google LLC, Apache-2.0),
// which are those of certificate-transparency's merkle_tree_test.cc.

import assert from 'node:assert/strict'
import t from 'tap'
import {
  type Consistency,
  consistencyRanges,
  EMPTY_ROOT,
  Frontier,
  type Inclusion,
  inclusionRanges,
  leafHash,
  type NodeHash,
  nodesOf,
  rangeHash,
  storedAt,
  storedCount,
  verifyConsistency,
  verifyInclusion,
} from '../../src/domain/log/merkle.js'

const hex = (text: string): Buffer => Buffer.from(text, 'hex')
const LEAVES = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
].map(hex)
const ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
].map(hex)
const LEVELS = [
  [
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
    '0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7',
    '07506a85fd9dd2f120eb694f86011e5bb4662e5c415a62917033d4a9624487e7',
    'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    '4271a26be0d8a84f0bd54c8c302e7cb3a3b5d1fa6780a40bcce2873477dab658',
    'b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f',
    '46f6ffadd3d06a09ff3c5860d2755c8b9819db7df44251788c7d8e3180de8eb1',
  ],
  [
    'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
    '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
    '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
    'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
  ],
  [
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
  ],
  ['5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328'],
]
const INCLUSION: [leaf: number, size: number, proof: string[]][] = [
  [1, 1, []],
  [
    1,
    8,
    [
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ],
  ],
  [
    6,
    8,
    [
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ],
  ],
  [3, 3, ['fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125']],
  [
    2,
    5,
    [
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    ],
  ],
]
const CONSISTENCY: [first: number, second: number, proof: string[]][] = [
  [1, 1, []],
  [
    1,
    8,
    [
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ],
  ],
  [
    6,
    8,
    [
      '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ],
  ],
  [
    2,
    5,
    [
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    ],
  ],
  [
    6,
    7,
    [
      '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
      'b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ],
  ],
]

/** The flat file of a tree over the leaves, its roots by size, and a look into it. */
function grow(leaves: readonly Buffer[]) {
  const frontier = new Frontier()
  const file: Buffer[] = []
  const roots = [frontier.root()]
  for (const leaf of leaves) {
    file.push(...frontier.append(leafHash(leaf)))
    roots.push(frontier.root())
  }
  const at: NodeHash = node => file[storedAt(node)] as Buffer
  const proofOf = (ranges: ReturnType<typeof inclusionRanges>) => ranges.map(range => rangeHash(range, at))
  return { file, roots, at, proofOf }
}

t.test('the tree', async t => {
  t.test('has the roots and the inner hashes of the vectors', async () => {
    const { roots, at } = grow(LEAVES)
    assert.deepEqual(roots, ROOTS)
    assert.deepEqual(EMPTY_ROOT, ROOTS[0])
    for (const [level, hashes] of LEVELS.entries())
      assert.deepEqual(
        hashes.map((_, index) => at({ level, index })),
        hashes.map(hex),
      )
  })

  t.test('makes the proofs of the vectors', async () => {
    const { proofOf } = grow(LEAVES)
    for (const [leaf, size, proof] of INCLUSION)
      assert.deepEqual(proofOf(inclusionRanges(leaf - 1, size)), proof.map(hex))
    for (const [first, second, proof] of CONSISTENCY)
      assert.deepEqual(proofOf(consistencyRanges(first, second)), proof.map(hex))
  })

  t.test('keeps a smaller tree as the beginning of a larger one, and goes on from its frontier', async () => {
    const leaves = Array.from({ length: 70 }, (_, i) => Buffer.from(`line ${i}`))
    const whole = grow(leaves)
    for (let size = 0; size <= leaves.length; size++) {
      assert.equal(grow(leaves.slice(0, size)).file.length, storedCount(size))
      assert.deepEqual(rangeHash([0, size], whole.at), whole.roots[size])
      const again = new Frontier(size, nodesOf([0, size]).map(whole.at))
      for (const leaf of leaves.slice(size)) again.append(leafHash(leaf))
      assert.deepEqual(again.root(), whole.roots[leaves.length])
    }
  })
})

t.test('a proof', async t => {
  const whole = grow(Array.from({ length: 35 }, (_, i) => Buffer.from(`line ${i}`)))
  const leafAt = (index: number) => whole.at({ level: 0, index })

  t.test(
    'of inclusion holds for every leaf of every tree, and for no other leaf, tree or proof',
    async () => {
      for (let size = 1; size < whole.roots.length; size++)
        for (let index = 0; index < size; index++) {
          const proof = whole.proofOf(inclusionRanges(index, size))
          const right = { index, size, leaf: leafAt(index), proof, root: whole.roots[size] as Buffer }
          assert.ok(verifyInclusion(right), `${index} of ${size}`)
          for (const wrong of corruptedInclusions(right))
            assert.ok(!verifyInclusion(wrong), JSON.stringify(wrong))
        }
    },
  )

  t.test('of consistency holds for every pair of trees, and for nothing else', async () => {
    for (let second = 1; second < whole.roots.length; second++)
      for (let first = 0; first <= second; first++) {
        const [firstRoot, secondRoot] = [whole.roots[first] as Buffer, whole.roots[second] as Buffer]
        const proof = whole.proofOf(consistencyRanges(first, second))
        const right = { first, second, firstRoot, secondRoot, proof }
        assert.ok(verifyConsistency(right), `${first} to ${second}`)
        if (first === 0) continue
        for (const wrong of corruptedConsistencies(right))
          assert.ok(!verifyConsistency(wrong), JSON.stringify(wrong))
      }
  })
})

const flipped = (bytes: Buffer): Buffer => Buffer.from(bytes.map((byte, i) => (i === 0 ? byte ^ 8 : byte)))

/** As transparency-dev/merkle corrupts them. */
function corruptedInclusions(right: Inclusion): Inclusion[] {
  const { index, size, proof, root } = right
  return [
    { ...right, index: index - 1 },
    { ...right, index: size },
    { ...right, size: size * 2 },
    { ...right, size: index },
    { ...right, leaf: leafHash('another') },
    { ...right, root: EMPTY_ROOT },
    { ...right, proof: [...proof, root] },
    { ...right, proof: [root, ...proof] },
    { ...right, proof: [...proof, Buffer.alloc(0)] },
    ...(proof.length === 0 ? [] : [{ ...right, proof: proof.slice(0, -1) }]),
    ...proof.map((_, at) => ({ ...right, proof: proof.map((part, i) => (i === at ? flipped(part) : part)) })),
  ]
}

function corruptedConsistencies(right: Consistency): Consistency[] {
  const { first, second, firstRoot, secondRoot, proof } = right
  const ofTwo = [
    { ...right, first: first + 1, proof: first + 1 === second ? [firstRoot] : proof },
    { ...right, second: second * 2 },
    { ...right, firstRoot: secondRoot, secondRoot: firstRoot },
    { ...right, proof: [] },
    { ...right, proof: proof.slice(0, -1) },
  ]
  return [
    { ...right, firstRoot: flipped(firstRoot) },
    { ...right, secondRoot: flipped(secondRoot) },
    { ...right, proof: [...proof, secondRoot] },
    { ...right, proof: [firstRoot, ...proof] },
    ...(first === second ? [] : ofTwo),
    ...proof.map((_, at) => ({ ...right, proof: proof.map((part, i) => (i === at ? flipped(part) : part)) })),
  ]
}
