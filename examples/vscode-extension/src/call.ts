import * as vscode from 'vscode'
import type { Extensions } from './extensions'
import { withProgress } from './progress'

/** A method of an extension, as the tree and the list of methods have it. */
export interface Method {
  extension: string
  method: string
  description: string
  /** What it says of its params: a JSON Schema that nobody checked. */
  paramsSchema?: unknown
}

/** What fits a notification; anything longer gets an editor. */
const SHORT = 200

/** Calls a method and shows what it answers. Answers that too, or nothing where nothing came of it. */
export async function callMethod(
  extensions: Extensions,
  log: vscode.LogOutputChannel,
  chosen?: Method,
): Promise<unknown> {
  const method = chosen ?? (await choose(extensions))
  if (method === undefined) return
  const params = method.paramsSchema !== undefined ? await askForParams(method) : ''
  if (params === undefined) return
  const name = `${method.extension}.${method.method}`
  const answer = await withProgress(log, name, async (signal) => {
    const host = await extensions.host()
    const id = await extensions.idOf(method.extension)
    return { value: await host.call(id, method.method, params === '' ? undefined : JSON.parse(params), { signal }) }
  })
  if (answer === undefined) return
  const text = JSON.stringify(answer.value, undefined, 2) ?? 'nothing'
  log.info(`${name} answered ${text}`)
  if (text.length <= SHORT) {
    void vscode.window.showInformationMessage(`${name} answered ${text}`)
  } else {
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ language: 'json', content: text }))
  }
  return answer.value
}

/** Every method that an extension says it has. */
export async function methodsOf(extensions: Extensions): Promise<Method[]> {
  const { loaded } = await extensions.list()
  return loaded.flatMap(({ name, capabilities }) =>
    capabilities.map((capability) => ({
      extension: name,
      method: capability.name,
      description: capability.description,
      paramsSchema: capability.params_schema,
    })),
  )
}

async function choose(extensions: Extensions): Promise<Method | undefined> {
  const methods = await methodsOf(extensions)
  const items = methods.map((method) => ({
    label: `${method.extension}.${method.method}`,
    description: method.description,
    method,
  }))
  return (await vscode.window.showQuickPick(items, { title: 'Call a method' }))?.method
}

function askForParams({ extension, method, paramsSchema }: Method): Thenable<string | undefined> {
  return vscode.window.showInputBox({
    title: `Call ${extension}.${method}`,
    prompt: 'Params as JSON, or nothing',
    placeHolder: outline(paramsSchema),
    validateInput: (text) => {
      try {
        if (text !== '') JSON.parse(text)
        return undefined
      } catch (error) {
        return (error as Error).message
      }
    },
  })
}

/** The keys that params have by their schema. */
function outline(schema: unknown): string | undefined {
  const { properties } = Object(schema) as { properties?: unknown }
  const keys = Object.keys(Object(properties))
  return keys.length === 0 ? undefined : `{${keys.map((key) => `${JSON.stringify(key)}: …`).join(', ')}}`
}
