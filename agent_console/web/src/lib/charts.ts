// The part of ECharts that the console draws with; a chunk of its own, loaded by the first chart.
import { BarChart, LineChart } from 'echarts/charts'
import { GridComponent, LegendComponent, TooltipComponent } from 'echarts/components'
import { init, use, type EChartsCoreOption, type EChartsType } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'

// On a canvas: the page's security policy lets no script write styles into markup.
use([BarChart, LineChart, GridComponent, LegendComponent, TooltipComponent, CanvasRenderer])

export type Drawing = EChartsType
export const draw = (box: HTMLElement): Drawing => init(box, undefined, { renderer: 'canvas' })
export type { EChartsCoreOption as Picture }
