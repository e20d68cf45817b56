// Quality checks over the API.
import { defineStore } from 'pinia'
import { ask, http } from '@/api/client'
import type { components } from '@/api/types.gen'

type Schemas = components['schemas']
export type Sample = Schemas['SampleOut']
export type SampleDetail = Schemas['SampleDetail']
export type Score = Schemas['ScoreOut']
export type ScoreIn = Schemas['ScoreIn']
export type Sheet = Schemas['ScoreSheetOut']
export type Figures = Schemas['QualityFiguresOut']

export const useQuality = defineStore('quality', () => {
  const at = (sample: Sample) => ({ params: { path: { id: sample.id } } })
  const sheet = (): Promise<Sheet> => ask(http.GET('/api/quality/sheet'))
  const draw = (first: string, last: string): Promise<Schemas['DrawOut']> => ask(http.POST('/api/quality/draws', { body: { first, last } }))
  const samples = async (state: Sample['state'] | null): Promise<Sample[]> => (await ask(http.GET('/api/quality/samples', { params: { query: { state } } }))).items
  const sample = (id: number): Promise<SampleDetail> => ask(http.GET('/api/quality/samples/{id}', { params: { path: { id } } }))
  const score = (given: Sample, marks: Omit<ScoreIn, 'version'>): Promise<SampleDetail> => ask(http.POST('/api/quality/samples/{id}/score', { ...at(given), body: { version: given.version, ...marks } }))
  const results = async (): Promise<Sample[]> => (await ask(http.GET('/api/quality/results'))).items
  const appeal = (given: Sample, reason: string): Promise<SampleDetail> => ask(http.POST('/api/quality/results/{id}/appeal', { ...at(given), body: { version: given.version, reason } }))
  const decide = (given: Sample, upheld: boolean, total: number | null, decision: string): Promise<SampleDetail> =>
    ask(http.POST('/api/quality/samples/{id}/decide', { ...at(given), body: { version: given.version, upheld, total, decision } }))
  const figures = (first: string, last: string): Promise<Figures[]> => ask(http.GET('/api/quality/figures', { params: { query: { first, last } } }))
  return { sheet, draw, samples, sample, score, results, appeal, decide, figures }
})
