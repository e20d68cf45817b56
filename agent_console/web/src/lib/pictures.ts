// What charts show, as options for ECharts: plain data, so that nothing of the library is loaded with it.
import type { Picture } from './charts'

export interface Series { name: string; values: (number | null)[]; kind: 'bar' | 'line'; colour: string; stack?: string }
export interface Look { size: number; ink: string; line: string; percent?: boolean; still?: boolean }

/** The console's own colours, told apart by lightness too. */
export const COLOURS = { accent: '#a61b1b', calm: '#1f5a99', grey: '#8a929c' }
export const WALL_COLOURS = { accent: '#ff8f7a', calm: '#7cc4ff', grey: '#9aa4b0' }

export function pictureOf(labels: string[], series: Series[], look: Look): Picture {
  const text = { color: look.ink, fontSize: look.size }
  return {
    animation: !look.still,
    animationDuration: 150,
    grid: { left: 8, right: 12, top: series.length > 1 ? look.size * 2 + 6 : 12, bottom: 4, containLabel: true },
    legend: series.length > 1 ? { top: 0, textStyle: text, itemWidth: look.size, itemHeight: look.size * 0.7 } : undefined,
    // Drawn into the canvas: a bubble of markup would need styles that the security policy refuses.
    tooltip: { trigger: 'axis', renderMode: 'richText', textStyle: { fontSize: look.size } },
    xAxis: { type: 'category', data: labels, axisLabel: { ...text, hideOverlap: true }, axisLine: { lineStyle: { color: look.line } } },
    yAxis: {
      type: 'value',
      min: 0,
      ...(look.percent ? { max: 100 } : { minInterval: 1 }),
      splitNumber: 3,
      axisLabel: { ...text, formatter: look.percent ? '{value}%' : '{value}' },
      splitLine: { lineStyle: { color: look.line } },
    },
    series: series.map((each) => ({
      name: each.name, type: each.kind, data: each.values, stack: each.stack, itemStyle: { color: each.colour },
      lineStyle: { color: each.colour, width: 2 }, symbolSize: 6, barMaxWidth: 36,
    })),
  }
}
