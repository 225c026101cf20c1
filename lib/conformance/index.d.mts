import { checkConformance, checks } from './index.js'

export * from './index.js'

declare const conformance: { checkConformance: typeof checkConformance; checks: typeof checks }
export default conformance
