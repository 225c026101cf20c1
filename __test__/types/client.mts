// An extension's methods as functions. Compiled, never run.

import { ExtensionHost } from '@finos/morphir-extension-host'
import type { Client } from '@finos/morphir-extension-host'
import { same } from './same.mjs'

interface Counter {
  add(params: { by: number }): { total: number }
  any(params?: unknown): unknown
  reset(): boolean
  size: number
}

declare const signal: AbortSignal

export async function everything(host: ExtensionHost): Promise<void> {
  const counter = host.client<Counter>(1)
  same<Client<Counter>>()(counter)
  same<{ total: number }>()(await counter.add({ by: 1 }))
  same<{ total: number }>()(await counter.add({ by: 1 }, { signal, timeout: 5 }))
  same<unknown>()(await counter.any())
  same<unknown>()(await counter.any(1, { signal }))
  same<boolean>()(await counter.reset())
  same<boolean>()(await counter.reset(undefined, { signal }))
  same<never>()(counter.size)
  // @ts-expect-error params are needed
  await counter.add()
  // @ts-expect-error a number is no text
  await counter.add({ by: '1' })
  // @ts-expect-error it takes no params
  await counter.reset(1)
  // @ts-expect-error a method there is not
  await counter.subtract({ by: 1 })
  // @ts-expect-error an option there is not
  await counter.any(1, { timeOut: 5 })
  // @ts-expect-error it stays as it is
  counter.reset = async () => true
  // @ts-expect-error an id is a number
  host.client<Counter>('1')
  const untyped = host.client(1)
  same<unknown>()(await untyped['anything']?.({ any: 'thing' }, { timeout: 5 }))
}
