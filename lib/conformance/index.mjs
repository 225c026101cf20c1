import conformance from './index.js'

export const { checkConformance, checks } = conformance
export default conformance
