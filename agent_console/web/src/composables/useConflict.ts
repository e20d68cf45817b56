// Merges what somebody else saved with what is typed here, and asks only where both touched the same field.

export interface FieldConflict<K> { field: K; mine: unknown; theirs: unknown }
export interface Merge<T> { merged: T; conflicts: FieldConflict<keyof T>[] }

export function same(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b)
}

/** Names of the fields that differ between two versions. */
export function changedFields<T extends object>(before: T, after: T): (keyof T)[] {
  return (Object.keys(after) as (keyof T)[]).filter((key) => !same(before[key], after[key]))
}

/**
 * Three-way merge. A field changed here keeps our value, one changed there takes theirs;
 * where both changed it differently it keeps ours and is reported.
 */
export function mergeFields<T extends object>(base: T, mine: T, theirs: T): Merge<T> {
  const merged = { ...theirs }
  const conflicts: FieldConflict<keyof T>[] = []
  for (const field of changedFields(base, mine)) {
    merged[field] = mine[field]
    if (!same(base[field], theirs[field]) && !same(mine[field], theirs[field])) {
      conflicts.push({ field, mine: mine[field], theirs: theirs[field] })
    }
  }
  return { merged, conflicts }
}
