// Durations and days in the language of the page.
import { computed, type ComputedRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { spanOf, type DayWords } from '@/lib/time'

export function useWords(): { spanText: (ms: number) => string; dayWords: ComputedRef<DayWords> } {
  const { t } = useI18n()
  const dayWords = computed(() => ({ today: t('day.today'), tomorrow: t('day.tomorrow'), yesterday: t('day.yesterday') }))

  /** Two largest units: 1小时20分, 5天3小时, 4分08秒. */
  function spanText(ms: number): string {
    const { days, hours, minutes, seconds } = spanOf(ms)
    if (days > 0) return t('span.dh', { d: days, h: hours })
    if (hours > 0) return t('span.hm', { h: hours, m: minutes })
    return t('span.ms', { m: minutes, s: String(seconds).padStart(2, '0') })
  }
  return { spanText, dayWords }
}
