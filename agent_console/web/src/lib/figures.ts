// Writes the figures of reports as they are read; what is hidden and what does not exist are two different things.
import type { Figure, ReportCell } from '@/stores/reports'
import { yuanText } from './money'

type Unit = Figure['unit']
const counts = new Intl.NumberFormat('zh-CN')
const shares = new Intl.NumberFormat('zh-CN', { style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1 })
const NONE = '–'

export interface FigureWords { hidden: string; seconds: (n: string) => string }

export function cellText(cell: ReportCell, unit: Unit, words: FigureWords): string {
  if (cell.hidden) return words.hidden
  if (cell.value === null) return NONE
  if (unit === 'rate') return shares.format(cell.value)
  if (unit === 'cents') return yuanText(cell.value)
  if (unit === 'seconds') return words.seconds(counts.format(Math.round(cell.value)))
  return counts.format(cell.value)
}

/** "+12.5 %" of a count, "+1.2" points of a share; a dash where there is nothing to compare with. */
export function growthText(growth: number | null): string {
  if (growth === null) return NONE
  const text = shares.format(Math.abs(growth))
  return growth > 0 ? `+${text}` : growth < 0 ? `−${text}` : text
}

/** What a chart draws: shares in percent, money in yuan; a gap where nothing may be drawn. */
export function plotted(cell: ReportCell, unit: Unit): number | null {
  if (cell.hidden || cell.value === null) return null
  if (unit === 'rate') return Math.round(cell.value * 1000) / 10
  return unit === 'cents' ? cell.value / 100 : Math.round(cell.value * 10) / 10
}
