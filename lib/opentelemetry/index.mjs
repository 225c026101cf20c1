import opentelemetry from './index.js'

export const { observe } = opentelemetry
export default opentelemetry
