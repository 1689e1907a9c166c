// What is known of the languages runbooks are written in: words that tell the language, words that flip a flag, and headings
// that say what stands below them. One small list each; what is not in it is a finding, never a loss.

import { type FlipReader, type FlipWords, flipReaderOf } from './flip-words.js'

export type Language = 'english' | 'german' | 'spanish' | 'french' | 'portuguese' | 'japanese' | 'chinese'

type Words = { common: readonly string[]; flips: FlipWords }

const words = (text: string): string[] => text.split('|').map(word => word.trim())

const WORDS: Record<Exclude<Language, 'english'>, Words> = {
  german: {
    common: words(
      'der|die|das|und|ist|nicht|mit|den|dem|ein|eine|auf|für|im|wenn|oder|von|zu|bei|nach|wird|sofort|prüfen',
    ),
    flips: {
      off: words(
        'deaktivieren|deaktiviere|abschalten|ausschalten|stoppen|schalte aus|schalten sie aus|deaktivieren sie|ausmachen|abstellen',
      ),
      on: words('aktivieren|aktiviere|aktivieren sie|einschalten|wieder einschalten|anschalten|reaktivieren'),
      set: words('setzen|setze|setzen sie|stellen|umstellen|umschalten'),
      negations: words('nicht|nie|niemals|kein|keine|ohne|ob'),
      conditions: words('wenn|falls|sobald|bei|während|sofern|im fall'),
      harmless: words(
        'in|der|die|das|den|dem|sie|bitte|sofort|jetzt|umgehend|auf|flag|flags|das flag|den schalter|schalter|feature|feature-flag|und|in der konsole|in der verwaltung|über die konsole|für alle|wieder',
      ),
    },
  },
  spanish: {
    common: words('el|la|los|las|y|de|que|en|un|una|con|para|por|si|no|del|se|al|es|comprobar|verificar'),
    flips: {
      off: words('desactivar|desactive|desactiva|deshabilitar|deshabilite|apagar|apague|apaga'),
      on: words('activar|active|activa|habilitar|habilite|encender|encienda|reactivar|reactive'),
      set: words('poner|ponga|pon|establecer|cambiar|cambie|fijar'),
      negations: words('no|nunca|jamás|sin'),
      conditions: words('si|cuando|mientras|en caso|siempre que|tras|después'),
      harmless: words(
        'el|la|los|las|flag|bandera|interruptor|de inmediato|inmediatamente|ahora|ya|por favor|en la consola|en el panel|desde la consola|para todos|y|a|de nuevo|en|como',
      ),
    },
  },
  french: {
    common: words('le|la|les|et|de|des|du|un|une|est|pour|dans|sur|avec|si|ne|pas|en|au|aux|vérifier|que'),
    flips: {
      off: words('désactiver|désactivez|désactive|couper|coupez|éteindre|éteignez|arrêter|arrêtez'),
      on: words('activer|activez|réactiver|réactivez|allumer|rallumer|rétablir|rétablissez'),
      set: words('mettre|mettez|passer|passez|basculer|basculez|régler'),
      negations: words('ne|pas|jamais|sans'),
      conditions: words('si|lorsque|quand|dès que|tant que|en cas|après'),
      harmless: words(
        'le|la|les|drapeau|flag|interrupteur|immédiatement|tout de suite|maintenant|dans la console|depuis la console|pour tous|pour tout le monde|et|à|de nouveau|sur|en|dans',
      ),
    },
  },
  portuguese: {
    common: words('o|os|as|e|de|que|em|um|uma|com|para|por|se|não|do|da|dos|no|na|ao|verificar|é'),
    flips: {
      off: words('desativar|desative|desabilitar|desabilite|desligar|desligue'),
      on: words('ativar|ative|habilitar|habilite|ligar|ligue|reativar|reative'),
      set: words('definir|defina|colocar|coloque|mudar|mude|alterar|altere'),
      negations: words('não|nunca|jamais|sem'),
      conditions: words('se|quando|enquanto|caso|assim que|após|depois'),
      harmless: words(
        'o|a|os|as|flag|chave|imediatamente|agora|já|por favor|no console|no painel|para todos|e|de novo|novamente|como|em',
      ),
    },
  },
  japanese: {
    common: [],
    flips: {
      off: words('無効化する|無効化|無効にする|無効にし|オフにする|オフにし|停止する|停止し|切る'),
      on: words('有効化する|有効化|有効にする|有効にし|オンにする|オンにし|再開する|戻す'),
      set: words('設定する|設定し|変更する|切り替える'),
      negations: words('しない|ないこと|禁止|されている|されたか|であること|確認'),
      conditions: words('場合|とき|なら|たら|後に|限り'),
      harmless: words(
        'を|に|へ|は|の|で|して|する|します|してください|すぐに|直ちに|ただちに|フラグ|機能フラグ|スイッチ|管理画面|コンソール|ください|し',
      ),
    },
  },
  chinese: {
    common: [],
    flips: {
      off: words('关闭|禁用|停用|关掉|關閉|停用|下线'),
      on: words('开启|启用|打开|恢复|重新开启|開啟|啟用'),
      set: words('设置|设为|改为|切换|調整|设成'),
      negations: words('不要|不得|禁止|勿|不能|是否|已经|已被|确认|检查'),
      conditions: words('如果|若|当|一旦|假如|除非|后再'),
      harmless: words(
        '立即|马上|立刻|请|将|把|开关|标志|功能开关|在控制台|在后台|控制台中|为|到|并|中|的|了',
      ),
    },
  },
}

const READERS = new Map<Language, FlipReader>()

/** Reads the flips of a language; undefined for English, which has a reader of its own, and where none is known. */
export function flipReaderFor(language: Language | undefined): FlipReader | undefined {
  if (language === undefined || language === 'english') return undefined
  const reader = READERS.get(language) ?? flipReaderOf(WORDS[language].flips)
  READERS.set(language, reader)
  return reader
}

const ENGLISH = words('the|and|of|for|if|with|is|not|or|by|from|all|are|this|that|it|on|at|be')

/** Enough of a runbook to tell its language. */
const ENOUGH = 40_000
/** With fewer words than this a language that is not told is no finding. */
const FEW_WORDS = 30

/**
 * The language of the prose, commands and addresses left out; `unknown` where there is prose enough and no language of
 * these is in it; undefined where there is too little to say.
 */
export function languageOf(source: string): Language | 'unknown' | undefined {
  const prose = proseOnly(source.slice(0, ENOUGH))
  const letters = prose.match(/\p{L}/gu)?.length ?? 0
  const han = prose.match(/\p{Script=Han}/gu)?.length ?? 0
  const kana = prose.match(/[\p{Script=Hiragana}\p{Script=Katakana}]/gu)?.length ?? 0
  if (han + kana > letters / 5) return kana > han / 10 ? 'japanese' : 'chinese'
  const said = prose.toLowerCase().match(/\p{L}+/gu) ?? []
  const score = (common: readonly string[]) => said.filter(word => common.includes(word))
  const scores = [
    ['english', score(ENGLISH)] as const,
    ...Object.entries(WORDS).map(([name, { common }]) => [name as Language, score(common)] as const),
  ].sort((one, other) => other[1].length - one[1].length)
  const [best, found] = scores[0]!
  // two languages share a short word or two, so that one of the others is told by three
  const enough = best === 'english' || said.length < FEW_WORDS ? 1 : 3
  if (found.length >= said.length * 0.02 && new Set(found).size >= enough) return best
  return said.length < FEW_WORDS ? undefined : 'unknown'
}

const proseOnly = (source: string): string =>
  source
    .replace(/\r\n?/g, '\n')
    .replace(/^\uFEFF/, '')
    .replace(/^ {0,3}(`{3,}|~{3,})[\s\S]*?(?:^ {0,3}\1|$(?![\s\S]))/gm, ' ')
    .replace(/`[^`\n]*`/g, ' ')
    .replace(/<!--[\s\S]*?-->/g, ' ')
    .replace(/\bhttps?:\S+/g, ' ')
