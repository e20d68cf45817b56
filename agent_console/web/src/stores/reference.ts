// Reference data that forms need; small, and asked for once.
import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'
import { ask, http } from '@/api/client'
import type { Category, Employer, Region, Union, User } from '@/api/types'

export interface CategoryGroup { code: string; name: string; categories: Category[] }

export const useReference = defineStore('reference', () => {
  const categories = shallowRef<Category[]>([])
  const regionsOf = new Map<string, Promise<Region[]>>()

  const groups = computed<CategoryGroup[]>(() => {
    const found = new Map<string, CategoryGroup>()
    for (const category of categories.value) {
      const group = found.get(category.group_code)
      if (group) group.categories.push(category)
      else found.set(category.group_code, { code: category.group_code, name: category.group_name, categories: [category] })
    }
    return [...found.values()]
  })

  async function loadCategories(): Promise<void> {
    if (categories.value.length === 0) categories.value = await ask(http.GET('/api/categories'))
  }

  function regions(parent: string): Promise<Region[]> {
    let answer = regionsOf.get(parent)
    if (!answer) {
      answer = ask(http.GET('/api/regions', { params: { query: { parent } } }))
      regionsOf.set(parent, answer)
      answer.catch(() => regionsOf.delete(parent))
    }
    return answer
  }

  const unions = (q: string): Promise<Union[]> => ask(http.GET('/api/unions', { params: { query: { q, limit: 20 } } }))
  const unionName = async (id: number): Promise<string> => (await ask(http.GET('/api/unions/{union_id}', { params: { path: { union_id: id } } }))).name
  const employers = (q: string): Promise<Employer[]> => ask(http.GET('/api/employers', { params: { query: { q } } }))
  const people = (unionId: number): Promise<User[]> =>
    ask(http.GET('/api/users', { params: { query: { union_id: unionId } } }))
  const desk = (q: string): Promise<User[]> => ask(http.GET('/api/users', { params: { query: { q } } }))

  return { categories, groups, loadCategories, regions, unions, unionName, employers, people, desk }
})
