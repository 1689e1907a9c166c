// The scripts of @bomb.sh/tab for the shells, mended where they would run what was typed, or what the service said.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are of the shells

import { script } from '@bomb.sh/tab'

const NAME = 'killswitch'

export type Shell = Parameters<typeof script>[0]

/**
 * What is not as it should be in the scripts of @bomb.sh/tab. They evaluate what was typed, and bash evaluates in a list of
 * words, and in a number, what the service said: here words stay words, and no more than a number counts as one. And they
 * leave out words with a colon in them, which keys and incidents may have. Readline begins a new word at a colon, so that
 * bash has to be given only what follows it; in zsh a colon ends the word, and the library's own escape of it has lost its
 * backslash.
 */
const MENDED: Partial<Record<Shell, [what: RegExp, instead: string][]>> = {
  bash: [
    [
      /^ *local requestComp out directive$[\s\S]*?^ *out=\$\(eval .*$/m,
      '    local out directive\n    out=$(killswitch complete -- "${words[@]:1:cword}" 2>/dev/null)',
    ],
    [/^ *out=\$\{out%:\*\}$/m, '        out=${out%:*}\n        [[ $directive =~ ^[0-9]+$ ]] || return'],
    [
      /^ *COMPREPLY=.*compgen -W .*$/m,
      [
        '    COMPREPLY=()',
        '    local each',
        '    for each in "${completions[@]}"; do',
        '        [[ $each == "$cur"* ]] && COMPREPLY+=("$each")',
        '    done',
        '    __ltrim_colon_completions "$cur"',
      ].join('\n'),
    ],
  ],
  zsh: [
    [/(?<=comp\/\/:\/)\\:/, '\\\\:'],
    [/flagPrefix="-P \$\{BASH_REMATCH\}"/, 'flagPrefix="-P ${(q)BASH_REMATCH[1]}"'],
  ],
  // its quotes are five characters
  powershell: [
    [
      /"'" \+ \(\$_ -replace "'", "''"\) \+ "'"/,
      `"'" + [System.Management.Automation.Language.CodeGeneration]::EscapeSingleQuotedStringContent($_) + "'"`,
    ],
  ],
}

/** Throws where the library's script is another one than was mended here: none is given rather than one that is not. */
export function scriptFor(shell: Shell): string {
  return (MENDED[shell] ?? []).reduce(
    (text, [what, instead]) => {
      if (!what.test(text)) throw new Error(`The completion script of ${shell} is not the one that is known.`)
      return text.replace(what, () => instead)
    },
    printed(() => script(shell, NAME, NAME)),
  )
}

/** The library prints its scripts itself. */
function printed(print: () => void): string {
  const { log } = console
  const lines: string[] = []
  console.log = (line: string) => void lines.push(line)
  try {
    print()
  } finally {
    console.log = log
  }
  return lines.join('\n')
}
