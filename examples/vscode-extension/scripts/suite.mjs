// Runs tests inside of the editor, as extension development does: the editor loads the extension from its folder and calls `run` of the
// tests' module, and its page says how that ended.

import { Editor } from './editor.mjs'
import { example } from './places.mjs'

const PATIENCE = 180_000

/** Runs a module in an extension host. Answers its exit code, and what it printed; `trusting` says whether the place is trusted. */
export async function runInside(tools, module, place, { trusting = true } = {}) {
  const editor = await Editor.start({ ...tools, driven: true, trusting })
  const browser = await tools.playwright.chromium.launch({ executablePath: tools.chromium, args: ['--no-sandbox'] })
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
    const lines = []
    await page.exposeFunction('codeAutomationLog', (_, texts) => lines.push(...texts.map(String).join(' ').split('\n')))
    let timer
    const code = await new Promise((resolve, reject) => {
      timer = setTimeout(() => reject(editor.failure('The tests in the editor did not end in time.')), PATIENCE)
      page
        .exposeFunction('codeAutomationExit', resolve)
        .then(() =>
          page.goto(
            editor.addressOf(place, {
              extensionDevelopmentPath: editor.remote(example),
              extensionTestsPath: editor.remote(module.replace(/\.js$/, '')),
              skipWelcome: 'true',
            }),
          ),
        )
        .catch(reject)
    }).finally(() => clearTimeout(timer))
    return { code, lines }
  } finally {
    await browser.close()
    await editor.stop()
  }
}
