import { describe, expect, it } from 'vitest'
import { diffOf, hunksOf } from './diff'

const shown = (before: string, after: string): string[] =>
  diffOf(before, after).map((each) => `${{ same: ' ', gone: '-', new: '+' }[each.kind]}${each.text}`)

describe('a difference', () => {
  it('keeps what both have and names what goes and comes', () => {
    expect(shown('a\nb\nc\n', 'a\nx\nc\ny\n')).toEqual([' a', '-b', '+x', ' c', '+y'])
    expect(shown('a\n', 'a\n')).toEqual([' a'])
    expect(shown('', 'a\n')).toEqual(['+a'])
    expect(shown('a\r\nb', 'b\n')).toEqual(['-a', ' b'])
  })

  it('numbers lines as each side has them', () => {
    expect(diffOf('a\nb\n', 'b\nc\n')).toEqual([
      { kind: 'gone', text: 'a', before: 1, after: null },
      { kind: 'same', text: 'b', before: 2, after: 1 },
      { kind: 'new', text: 'c', before: null, after: 2 },
    ])
  })

  it('can always be applied: gone and same give the old text, new and same the new one', () => {
    for (let seed = 1; seed < 60; seed += 1) {
      let state = seed
      const draw = (n: number): number => (state = (state * 48271) % 2147483647) % n
      const text = (): string[] => Array.from({ length: draw(12) }, () => 'abc'[draw(3)] ?? 'a')
      const [a, b] = [text(), text()]
      const lines = diffOf(a.join('\n'), b.join('\n'))
      expect(lines.filter((each) => each.kind !== 'new').map((each) => each.text)).toEqual(a)
      expect(lines.filter((each) => each.kind !== 'gone').map((each) => each.text)).toEqual(b)
    }
  })

  it('shows changes with their neighbours only', () => {
    const many = Array.from({ length: 50 }, (_, i) => `line ${i}`)
    const other = many.map((each, i) => (i === 10 || i === 40 ? `${each}!` : each))
    const groups = hunksOf(diffOf(many.join('\n'), other.join('\n')))
    expect(groups.map((each) => each.length)).toEqual([6, 6])
  })
})
