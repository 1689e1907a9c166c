// A catalogue file as a whole: its YAML, its top and its links, each fault as a person reads it.

import { cases, changed, file, flag } from './directory.js'

cases('YAML', [
  [
    'an empty file',
    '# nothing\n',
    'shop.yaml:1: is empty: write `flags:` with at least one flag below it, or remove the file',
  ],
  ['a list', '- a\n', 'shop.yaml:1: must be a map with `flags:` at the top, but it is a list'],
  [
    'a quote left open',
    'name: "a\n',
    'shop.yaml:2: is not readable as YAML: Missing closing \\"quote; close the quote or bracket, or add the missing colon',
  ],
  [
    'a tab',
    'flags:\n\ta: 1\n',
    'shop.yaml:2: is not readable as YAML: Tabs are not allowed as indentation; indent with spaces: YAML does not take tabs',
  ],
  [
    'a second document',
    'name: a\n---\nname: b\n',
    'shop.yaml:2: is not readable as YAML: a second document; keep one document per file: remove the `---` and what follows, or move it to a file of its own',
  ],
  [
    'a tag',
    changed({ owner: 'owner: !!binary aGk=' }),
    'shop.yaml:8: is not readable as YAML: Unresolved tag: tag:yaml.org,2002:binary; remove the tag: a catalogue holds plain text, numbers, true and false',
  ],
  [
    'the rules of YAML 1.1',
    `%YAML 1.1\n---\n${changed({})}`,
    'shop.yaml:1: asks for YAML 1.1, where on, off, yes and no are booleans: remove the %YAML line',
  ],
  [
    'a member written twice',
    changed({ owner: 'owner: Somebody\n      owner: Another' }),
    'shop.yaml:9: flags.a.flag.metadata.owner is written twice (first at line 8): keep one of the two',
  ],
  [
    'a flag written twice',
    file(flag(), flag()),
    'shop.yaml:11: flags.a.flag is written twice (first at line 2): keep one of the two',
  ],
  ['__proto__', `__proto__: 1\n${changed({})}`, 'shop.yaml:1: __proto__ is not a usable name: remove it'],
])

cases('the top of a file', [
  ['no flags', 'name: Shop\n', 'shop.yaml:1: flags is missing: a catalogue file defines at least one flag'],
  [
    'flags that are empty',
    'flags:\n',
    'shop.yaml:1: flags must be a map of `name: value` lines, but it is empty',
  ],
  [
    'an unknown member',
    `flag: 1\n${changed({})}`,
    'shop.yaml:1: flag is not a known member; did you mean "flags"?',
  ],
  [
    'an unknown member like no other',
    `colour: 1\n${changed({})}`,
    'shop.yaml:1: colour is not a known member; known are $schema, name, runbook, forgetAfterHours, metadata, flags, links',
  ],
  [
    'an id',
    `application: shop\n${changed({})}`,
    "shop.yaml:1: application is not a known member: the file's name is the application's id, so remove it",
  ],
  [
    'shared rules',
    `$evaluators: {}\n${changed({})}`,
    'shop.yaml:1: $evaluators is not a known member: shared rules are not read; write the rule out in each targeting',
  ],
  [
    'a flag set of another name',
    `metadata:\n  flagSetId: till\n${changed({})}`,
    'shop.yaml:2: metadata.flagSetId "till" is not the application "shop", which is the file\'s name: rename one of the two',
  ],
  [
    'metadata for all flags',
    `metadata: { owner: Us }\n${changed({})}`,
    'shop.yaml:1: metadata.owner is not a known member: metadata is written on each flag, below flags.<key>.metadata',
  ],
  [
    'a runbook by its path',
    `runbook: runbooks/shop.md\n${changed({})}`,
    'shop.yaml:1: runbook "runbooks/shop.md" is not a runbook\'s id: write the name of its file without the folder and without .md',
  ],
])

const links = (written: string): string => `${changed({})}links:\n${written}`

cases('links', [
  ['no list', links('  step: a\n'), 'shop.yaml:11: links must be a list of `- ` items, but it is a map'],
  [
    'no map',
    links('  - a/1\n'),
    'shop.yaml:12: links[1] must be a map, `{ step: ..., flag: ..., direction: kill }`, but it is the text "a/1"',
  ],
  [
    'nothing said',
    links('  - { Step: a/1 }\n'),
    'shop.yaml:12: links[1].Step is not a known member; did you mean "step"?',
    'shop.yaml:12: links[1].direction is missing: write kill or restore',
    'shop.yaml:12: links[1].flag is missing: name the flag the step acts on',
    'shop.yaml:12: links[1].step is missing: name the runbook step, `<runbook>/<section>/<number>`',
  ],
  [
    'another direction',
    links('  - { step: a/1, flag: a.flag, direction: off }\n'),
    'shop.yaml:12: links[1].direction "off" is not one of kill, restore',
  ],
  [
    'an unknown flag',
    links('  - { step: a/1, flag: a.flg, direction: kill }\n'),
    'shop.yaml:12: the link\'s flag "a.flg" is defined nowhere in the catalogue; did you mean "a.flag"?',
  ],
  [
    'a flag like no other',
    links('  - { step: a/1, flag: zebra, direction: kill }\n'),
    'shop.yaml:12: the link\'s flag "zebra" is defined nowhere in the catalogue; define it, or remove the link',
  ],
  [
    'the same twice',
    links(
      '  - { step: a/1, flag: a.flag, direction: kill }\n  - { step: a/1, flag: a.flag, direction: kill, condition: x }\n',
    ),
    'shop.yaml:13: links[2] is written twice (first at line 12): keep one of the two',
  ],
])
