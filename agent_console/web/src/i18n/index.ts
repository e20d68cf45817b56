// The console's languages: Chinese unless the browser's owner chose English.
import { createI18n } from 'vue-i18n'
import en from './en'
import zhCN from './zh-CN'

export type Language = 'zh-CN' | 'en'
const STORED = 'hotline.language'

export const i18n = createI18n({
  legacy: false,
  locale: localStorage.getItem(STORED) === 'en' ? 'en' : 'zh-CN',
  fallbackLocale: 'zh-CN',
  messages: { 'zh-CN': zhCN, en },
})

document.documentElement.lang = i18n.global.locale.value

export function chooseLanguage(language: Language): void {
  i18n.global.locale.value = language
  document.documentElement.lang = language
  localStorage.setItem(STORED, language)
}
