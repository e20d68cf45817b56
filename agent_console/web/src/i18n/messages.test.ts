// Both languages have the same keys, and every key that a source names is there.
import { describe, expect, it } from 'vitest'
import en from './en'
import zhCN from './zh-CN'

type Tree = { [key: string]: unknown }

function keysOf(tree: Tree, above = ''): string[] {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'object' && value !== null && !Array.isArray(value) ? keysOf(value as Tree, `${above}${key}.`) : [`${above}${key}`],
  )
}

function placeholdersOf(tree: Tree, key: string): string[] {
  const value = key.split('.').reduce<unknown>((node, part) => (node as Tree)[part], tree)
  return typeof value === 'string' ? [...value.matchAll(/\{(\w+)\}/g)].map((found) => found[1] ?? '').sort() : []
}

const sources = import.meta.glob('../**/*.{vue,ts}', { query: '?raw', import: 'default', eager: true }) as Record<string, string>
const chinese = keysOf(zhCN)

describe('messages', () => {
  it('are complete in both languages', () => {
    expect(keysOf(en).sort()).toEqual([...chinese].sort())
  })

  it('take the same values in both languages', () => {
    const differing = chinese.filter((key) => String(placeholdersOf(zhCN, key)) !== String(placeholdersOf(en, key)))
    expect(differing).toEqual([])
  })

  it('exist wherever a source names one', () => {
    const known = new Set(chinese)
    const named = Object.entries(sources)
      .filter(([path]) => !path.includes('.test.') && !path.includes('types.gen'))
      .flatMap(([, text]) => [...text.matchAll(/\bt\('([a-zA-Z]+\.[\w.]+)'/g)].map((found) => found[1] ?? ''))
    expect(named.length).toBeGreaterThan(100)
    expect(named.filter((key) => !known.has(key))).toEqual([])
  })
})
