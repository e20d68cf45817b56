// Reports and the wall over the API.
import { defineStore } from 'pinia'
import { ask, http } from '@/api/client'
import type { components } from '@/api/types.gen'

type Schemas = components['schemas']
export type Report = Schemas['ReportOut']
export type Figure = Schemas['FigureOut']
export type ReportCell = Schemas['ReportCellOut']
export type HotList = Schemas['HotListOut']
export type LeftOut = Schemas['LeftOutOut']
export type Wall = Schemas['WallboardOut']
export type Grain = Report['grain']
export interface ReportChoice { first: string; last: string; grain: Grain }

/** A year is counted in seconds, but on a busy machine in many. */
const PATIENCE_MS = 60_000
const patient = { fetch: (request: Request): Promise<Response> => globalThis.fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) }) }

export const useReports = defineStore('reports', () => {
  const get = (query: ReportChoice): Promise<Report> => ask(http.GET('/api/reports', { params: { query }, ...patient }))

  // The generated type speaks of JSON where the answer is a file.
  const workbook = async (query: ReportChoice): Promise<Blob> => (await ask<unknown>(http.GET('/api/reports/export', { params: { query }, parseAs: 'blob', ...patient }))) as Blob

  const wall = (): Promise<Wall> => ask(http.GET('/api/wallboard'))

  return { get, workbook, wall }
})
