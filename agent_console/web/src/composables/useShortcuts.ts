// Keys for the whole console: one list, shown by `?`, with an off switch that is remembered.
import { onScopeDispose, ref, shallowReactive } from 'vue'

export interface Shortcut {
  /** As written on the sheet: "F2", "Alt+A", "Ctrl+Enter", "?". */
  keys: string
  /** Message key of what it does. */
  label: string
  run: () => void
  enabled?: () => boolean
}

const STORED = 'hotline.shortcuts'
const active = shallowReactive(new Map<string, Shortcut[]>())
export const shortcutsOn = ref(localStorage.getItem(STORED) !== 'off')
export const sheetOpen = ref(false)

export function setShortcuts(on: boolean): void {
  shortcutsOn.value = on
  localStorage.setItem(STORED, on ? 'on' : 'off')
}

export function listShortcuts(): Shortcut[] {
  return [...active.values()].flatMap((stack) => stack.at(-1) ?? [])
}

/** Offer keys while the component lives; the newest owner of a key has it. */
export function useShortcuts(shortcuts: readonly Shortcut[]): void {
  for (const shortcut of shortcuts) {
    const key = normal(shortcut.keys)
    active.set(key, [...(active.get(key) ?? []), shortcut])
  }
  onScopeDispose(() => {
    for (const shortcut of shortcuts) {
      const key = normal(shortcut.keys)
      const rest = (active.get(key) ?? []).filter((other) => other !== shortcut)
      if (rest.length > 0) active.set(key, rest)
      else active.delete(key)
    }
  })
}

export function pressedKeys(event: KeyboardEvent): string {
  // Option and a letter is another character on a Mac: the place on the keyboard counts.
  const letter = event.altKey && event.code.startsWith('Key') ? event.code.slice(3) : event.key
  const modifiers = [event.ctrlKey || event.metaKey ? 'ctrl' : '', event.altKey ? 'alt' : ''].filter(Boolean)
  return [...modifiers, letter.toLowerCase()].join('+')
}

export function onKeydown(event: KeyboardEvent): void {
  // 229 is what older browsers send while an input method composes.
  if (event.isComposing || event.keyCode === 229 || event.repeat || event.defaultPrevented) return
  const keys = pressedKeys(event)
  if (keys === '?') {
    if (isTyping(event.target)) return
    event.preventDefault()
    sheetOpen.value = !sheetOpen.value
    return
  }
  if (!shortcutsOn.value) return
  // A bare character belongs to whoever is typing, and to the dialog that is open.
  if ([...keys].length === 1 && (isTyping(event.target) || document.querySelector('dialog[open]'))) return
  // Of several owners the newest who can do something with it now: two kinds of rings share one key.
  const shortcut = [...(active.get(keys) ?? [])].reverse().find((each) => each.enabled?.() !== false)
  if (!shortcut) return
  event.preventDefault()
  shortcut.run()
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
}

const normal = (keys: string): string => keys.toLowerCase()
