// The same for require. Compiled, never run.

import { ExtensionHost } from '@finos/morphir-extension-host'
import { observe } from '@finos/morphir-extension-host/opentelemetry'
import required = require('@finos/morphir-extension-host/opentelemetry')

export function everything(host: ExtensionHost): (() => void)[] {
  return [observe(host), required.observe(host, {})]
}
