// How many callers wait, and for how long.
import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'
import { ask, http } from '@/api/client'
import { serverNow } from '@/lib/clock'
import type { Line } from '@/api/types'

export const useLine = defineStore('line', () => {
  const line = shallowRef<Line | null>(null)
  /** Since when the longest waiting caller waits, in server milliseconds. */
  const longestSince = ref<number | null>(null)

  async function load(): Promise<void> {
    const answer = await ask(http.GET('/api/line'))
    line.value = answer
    longestSince.value = answer.waiting > 0 ? serverNow() - answer.longest_s * 1000 : null
  }

  return { line, longestSince, load }
})
