import host from './index.js'

export const { ExtensionHost, ExtensionError } = host
export default host
