// The knowledge base over the API.
import { defineStore } from 'pinia'
import { ask, http } from '@/api/client'
import type { components } from '@/api/types.gen'

type Schemas = components['schemas']
export type Article = Schemas['ArticleOut']
export type ArticleLine = Schemas['ArticleLineOut']
export type ArticleText = Omit<Schemas['ArticleNewIn'], 'code'>
export type Citation = Schemas['CitationOut']
export type Imported = Schemas['ArticlesImportedOut']
export interface ArticleWanted { q?: string; category?: string | null; region?: string | null; state?: 'published' | 'draft' | 'proposed' | 'withdrawn'; stale?: boolean; limit?: number }

const YAML = { headers: { 'Content-Type': 'application/yaml' }, bodySerializer: (body: unknown) => body as string }

export const useKnowledge = defineStore('knowledge', () => {
  const list = async (wanted: ArticleWanted): Promise<ArticleLine[]> => (await ask(http.GET('/api/knowledge', { params: { query: wanted } }))).items
  const get = (code: string, n?: number | null): Promise<Article> => ask(http.GET('/api/knowledge/{code}', { params: { path: { code }, query: { n: n ?? null } } }))
  const begin = (code: string, text: ArticleText): Promise<Article> => ask(http.POST('/api/knowledge', { body: { code, ...text } }))
  const revise = (article: Article, text: ArticleText): Promise<Article> => ask(http.PUT('/api/knowledge/{code}', { params: { path: { code: article.code } }, body: { version: article.version, ...text } }))
  const decide = ({ code, version }: Article, approved: boolean, reason: string): Promise<Article> => ask(http.POST('/api/knowledge/{code}/decide', { params: { path: { code } }, body: { version, approved, reason } }))
  const withdraw = ({ code, version }: Article, reason: string): Promise<Article> => ask(http.POST('/api/knowledge/{code}/withdraw', { params: { path: { code } }, body: { version, reason } }))
  const confirm = ({ code, version }: Article): Promise<Article> => ask(http.POST('/api/knowledge/{code}/confirm', { params: { path: { code } }, body: { version } }))
  const citations = (number: string): Promise<Citation[]> => ask(http.GET('/api/tickets/{number}/citations', { params: { path: { number } } }))
  // The generated type speaks of JSON where the body is a file.
  const bringIn = (file: string, dryRun: boolean): Promise<Imported> => ask(http.POST('/api/knowledge-file', { params: { query: { dry_run: dryRun } }, body: file as never, ...YAML }))
  const takeOut = async (): Promise<Blob> => new Blob([String(await ask<unknown>(http.GET('/api/knowledge-file', { parseAs: 'text' })))], { type: 'application/yaml' })
  return { list, get, begin, revise, decide, withdraw, confirm, citations, bringIn, takeOut }
})
