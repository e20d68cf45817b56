// What differs between two texts, line by line: the longest common lines stay, the rest goes or comes.
export interface DiffLine { kind: 'same' | 'gone' | 'new'; text: string; before: number | null; after: number | null }

/** Beyond so many differing lines on each side the whole middle is shown as replaced: the table would be too large. */
const MOST = 1500

export function diffOf(before: string, after: string): DiffLine[] {
  const [a, b] = [linesOf(before), linesOf(after)]
  let head = 0
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1
  let tail = 0
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail += 1
  const lines: DiffLine[] = []
  const same = (i: number, j: number): void => void lines.push({ kind: 'same', text: a[i] ?? '', before: i + 1, after: j + 1 })
  for (let i = 0; i < head; i += 1) same(i, i)
  for (const [kind, i, j] of middle(a.slice(head, a.length - tail), b.slice(head, b.length - tail))) {
    if (kind === 'same') same(head + i, head + j)
    else if (kind === 'gone') lines.push({ kind, text: a[head + i] ?? '', before: head + i + 1, after: null })
    else lines.push({ kind, text: b[head + j] ?? '', before: null, after: head + j + 1 })
  }
  for (let k = tail; k > 0; k -= 1) same(a.length - k, b.length - k)
  return lines
}

/** Only the changed lines, each with `around` lines of what stays; the groups are apart in the text. */
export function hunksOf(lines: DiffLine[], around = 2): DiffLine[][] {
  const near = lines.map((_, i) => lines.slice(Math.max(0, i - around), i + around + 1).some((each) => each.kind !== 'same'))
  const groups: DiffLine[][] = []
  lines.forEach((line, i) => {
    if (!near[i]) return
    if (i === 0 || !near[i - 1]) groups.push([])
    groups.at(-1)?.push(line)
  })
  return groups
}

function linesOf(text: string): string[] {
  const lines = text.replace(/\r\n?/g, '\n').split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines
}

function middle(a: string[], b: string[]): [DiffLine['kind'], number, number][] {
  const steps: [DiffLine['kind'], number, number][] = []
  if (a.length > MOST || b.length > MOST) {
    a.forEach((_, i) => steps.push(['gone', i, 0]))
    b.forEach((_, j) => steps.push(['new', a.length, j]))
    return steps
  }
  // length[i][j]: common lines of a from i and b from j.
  const width = b.length + 1
  const length = new Uint16Array((a.length + 1) * width)
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      const at = i * width + j
      length[at] = a[i] === b[j] ? (length[at + width + 1] ?? 0) + 1 : Math.max(length[at + width] ?? 0, length[at + 1] ?? 0)
    }
  }
  let [i, j] = [0, 0]
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) steps.push(['same', i++, j++])
    else if (j >= b.length || (i < a.length && (length[(i + 1) * width + j] ?? 0) >= (length[i * width + j + 1] ?? 0))) steps.push(['gone', i++, j])
    else steps.push(['new', i, j++])
  }
  return steps
}
