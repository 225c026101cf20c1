import { ExtensionError, ExtensionHost } from './index.js'

export * from './index.js'

declare const host: { ExtensionHost: typeof ExtensionHost; ExtensionError: typeof ExtensionError }
export default host
