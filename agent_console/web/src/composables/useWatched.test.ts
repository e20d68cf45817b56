// @vitest-environment jsdom
// Who else is looking: asked again and again, and nobody is named when it is not known.
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { effectScope } from 'vue'
import { OfflineError } from '@/api/client'
import { useLists } from '@/stores/lists'
import { EVERY_MS, useWatched } from './useWatched'

vi.mock('@/socket', () => ({ onResync: () => () => undefined }))

beforeEach(() => {
  vi.useFakeTimers()
  setActivePinia(createPinia())
})
afterEach(() => vi.useRealTimers())

it('names who looks until it is no longer known, and stops with the page', async () => {
  const scope = effectScope()
  const asked = vi.spyOn(useLists(), 'watchers').mockResolvedValueOnce({ '37-1': ['值班长'] }).mockRejectedValueOnce(new OfflineError()).mockResolvedValue({ '37-2': ['派单员'] })
  const names = scope.run(() => useWatched())
  await vi.advanceTimersByTimeAsync(0)
  expect(names?.value).toEqual({ '37-1': ['值班长'] })
  await vi.advanceTimersByTimeAsync(EVERY_MS)
  expect(names?.value).toEqual({})
  await vi.advanceTimersByTimeAsync(EVERY_MS)
  expect(names?.value).toEqual({ '37-2': ['派单员'] })
  scope.stop()
  await vi.advanceTimersByTimeAsync(EVERY_MS * 3)
  expect(asked).toHaveBeenCalledTimes(3)
})
