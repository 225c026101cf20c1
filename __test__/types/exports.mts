// What an ES module imports. Compiled, never run.

import host, { ExtensionError, ExtensionHost } from '@finos/morphir-extension-host'
import * as everything from '@finos/morphir-extension-host'
import type * as types from '@finos/morphir-extension-host'
import { same } from './same.mjs'

// oxlint-disable import/no-named-as-default-member -- both ways lead to the same
same<typeof ExtensionHost>()(host.ExtensionHost)
same<typeof ExtensionError>()(host.ExtensionError)
same<typeof ExtensionHost>()(everything.ExtensionHost)
same<typeof ExtensionHost>()(everything.default.ExtensionHost)

export type Everything = [
  types.Capability,
  types.Client<{ a(params: number): string }>,
  types.CallCompletedEvent,
  types.CallEvent,
  types.CallFailedEvent,
  types.CallOptions,
  types.DirectoryGrant,
  types.EndOptions,
  types.ErrorCode,
  types.ExtensionConfig,
  types.ExtensionInfo,
  types.ExtensionStats,
  types.FailedEvent,
  types.Health,
  types.HostEvents,
  types.HostOptions,
  types.LoadOptions,
  types.LoadedEvent,
  types.LogEvent,
  types.LogLevel,
  types.LogRecord,
  types.Permissions,
  types.Source,
  types.Times,
  types.UnloadedEvent,
]

export class Mine extends ExtensionHost {
  async names(): Promise<string[]> {
    return this.list().map(({ name }) => name)
  }
}

// oxlint-disable import/namespace -- that is the point
// @ts-expect-error it exports two classes, and no functions
void everything.loadExtension
// @ts-expect-error the default export is what require answers, and has no default of its own
void host.default
