import { columns } from './columns.mjs'
import { limits } from './limits.mjs'

/** A sentence for each limit that languages miss: which they are, and why. */
export function misses(languages, figures) {
  return Object.values(limits).flatMap((limit) => {
    const parts = columns.flatMap(({ parts }) => parts).filter((part) => part.limit === limit)
    const those = languages.filter(({ name }) => {
      const found = figures.get(name)
      return found !== undefined && parts.some(({ key }) => limit.missed(found[key]))
    })
    if (those.length === 0) return []
    return [`${limit.asks}: missed by ${those.map(({ title }) => title).join(', ')}. ${limit.why}`]
  })
}
