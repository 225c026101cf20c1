// npm run build:extensions: the example extensions, each a .wasm file beside its source.

import { buildExtensions } from './lib/extensions.mjs'
import { main } from './lib/main.mjs'
import { installToolchain } from './lib/toolchain.mjs'

await main(async () => buildExtensions(await installToolchain()))
