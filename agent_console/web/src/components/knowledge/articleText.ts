// Between what an editor types and what an article is: lists are lines, a legal basis is "law article".
export interface LawReference { law: string; article: string }

export const linesOf = (text: string): string[] => [...new Set(text.split('\n').map((line) => line.trim()).filter(Boolean))]

export const textOfLaws = (laws: readonly LawReference[]): string => laws.map(({ law, article }) => `${law} ${article}`).join('\n')

/** The laws, or the number of the first line that names no article; the article is what follows the last blank. */
export function lawsOf(text: string): LawReference[] | number {
  const found: LawReference[] = []
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim()
    if (!line) continue
    const parts = /^《?(.+?)》?\s+(\S+)$/u.exec(line) ?? /^《(.+)》(\S+)$/u.exec(line)
    if (!parts) return index + 1
    found.push({ law: parts[1] ?? '', article: parts[2] ?? '' })
  }
  return found
}
