import * as vscode from 'vscode'
import { RENAME_PACKAGE, type Extensions } from './extensions'
import { findModel } from './model'
import type { Preview } from './preview'
import { withProgress } from './progress'

const NAME = /^[A-Za-z][A-Za-z0-9]*(\.[A-Za-z][A-Za-z0-9]*)*$/
const OUTPUT = '"output":'

/** Renames a model's package and shows what changes. Answers how many references do, or nothing where nothing came of it. */
export async function renamePackage(
  extensions: Extensions,
  preview: Preview,
  log: vscode.LogOutputChannel,
  chosen?: vscode.Uri,
  to?: string,
): Promise<number | undefined> {
  const uri = chosen ?? (await findModel())
  if (uri === undefined) return
  const name = to ?? (await askForName())
  if (name === undefined) return
  const model = (await vscode.workspace.openTextDocument(uri)).getText()
  const answer = await withProgress(log, `Renaming the package to ${name}`, async (signal) => {
    const host = await extensions.host()
    const id = await extensions.idOf(RENAME_PACKAGE)
    // As text: to read and write the model as JSON would take this thread's time, and digits of large numbers.
    const params = `{"options":${JSON.stringify({ to: name })},"ir":${model}}`
    try {
      return read(await host.callRaw(id, 'transform', params, { signal }))
    } catch (error) {
      // The extension's own message counts from the beginning of its params.
      checkJson(vscode.workspace.asRelativePath(uri), model)
      throw error
    }
  })
  if (answer === undefined) return
  if (answer.note === undefined) await preview.show(uri, model, answer.output, referring(answer.references))
  else void vscode.window.showInformationMessage(`Nothing changed: ${answer.note}`)
  return answer.references
}

function checkJson(name: string, text: string): void {
  try {
    JSON.parse(text)
  } catch (error) {
    throw new Error(`${name} is not JSON: ${(error as Error).message}`, { cause: error })
  }
}

function referring(references: number): string {
  return references === 1 ? 'One reference changes with the name.' : `${references} references change with the name.`
}

function askForName(): Thenable<string | undefined> {
  return vscode.window.showInputBox({
    title: 'Rename the package',
    prompt: 'The new name, dotted',
    placeHolder: 'NorthSea.BulkTrades',
    validateInput: (text) =>
      text === '' || NAME.test(text)
        ? undefined
        : 'Letters and digits, in parts with a dot between: NorthSea.BulkTrades',
  })
}

interface Answer {
  references: number
  /** Why nothing changed. */
  note?: string
  output: string
}

/** The output comes last. Inside of a string the quotes of its key would be escaped, so the first one found is the key. */
function read(bytes: Uint8Array): Answer {
  const text = new TextDecoder().decode(bytes)
  const key = text.indexOf(OUTPUT)
  if (key < 0) throw new Error(`${RENAME_PACKAGE} answered without an output.`)
  const head = JSON.parse(`${text.slice(0, key)}"output":null}`) as Answer
  return { ...head, output: text.slice(key + OUTPUT.length, text.lastIndexOf('}')) }
}
