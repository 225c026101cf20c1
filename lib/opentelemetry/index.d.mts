import { observe } from './index.js'

export * from './index.js'

declare const opentelemetry: { observe: typeof observe }
export default opentelemetry
