// Installs the VSIX in an editor and uses it as a person does, with a keyboard, a mouse and a screen. Leaves pictures of it.

import { stripVTControlCharacters } from 'node:util'
import { Failure } from '../../../scripts/lib/failure.mjs'
import { duration } from '../../../scripts/lib/quantity.mjs'
import { step } from '../../../scripts/lib/step.mjs'
import { Editor } from './editor.mjs'
import { Page } from './page.mjs'
import { isAlive, threadsOf } from './processes.mjs'
import { until } from './until.mjs'

/** The extension `hostile` has 2 s, and `endless` ten minutes: what is over sooner was cancelled. */
export async function tour(tools, folder, pictures) {
  const editor = await step('Installing the VSIX in an editor', () => Editor.start(tools))
  const browser = await tools.playwright.chromium.launch({ executablePath: tools.chromium, args: ['--no-sandbox'] })
  let page
  try {
    page = await Page.open(browser, editor.addressOf(folder), pictures)
    await step('Looking at the extensions', () => look(page))
    const host = await until('there is an extension host', () => editor.extensionHosts()[0])
    await step('Renaming a package', () => rename(page))
    await step('Calling what never comes back', () => loop(page))
    await step('Calling what takes all memory', () => hoard(page))
    await step('Cancelling', () => cancel(page))
    check(editor.extensionHosts().join() === String(host), 'The extension host was started anew.')
    await step('Closing a second window while an extension runs', async () => {
      const second = await Page.open(browser, editor.addressOf(folder), pictures)
      await close(page, second, editor, host)
    })
    await step('Reloading the window while an extension runs', (live) => reload(page, editor, host, live))
    await step('Killing the extension host while an extension runs', () => kill(page, editor))
    await step('Closing the editor', async () => {
      const [last] = editor.extensionHosts()
      await browser.close()
      await editor.stop()
      check(!isAlive(last), `The extension host ${last} is still there.`)
    })
  } catch (error) {
    const picture = await page?.evidence()
    throw editor.failure(stripVTControlCharacters(error.message), picture && `look at ${picture}.`)
  } finally {
    await browser.close()
    await editor.stop()
  }
}

async function look(page) {
  await page.openFile('morphir-ir.json')
  await page.openView()
  for (const name of ['hostile', 'endless', 'lost', 'transform']) await page.row(name).first().waitFor()
}

async function rename(page) {
  await page.editorAction('Rename Package')
  await page.answer('NorthSea.BulkTrades')
  await until('the diff is there', async () =>
    (await page.shownText()).includes('[["north", "sea"], ["bulk", "trades"]]'),
  )
  await page.row('rename-package 1 call').waitFor()
  const offer = page.notification('references change with the name.')
  await offer.waitFor()
  await page.picture('rename')
  await page.button(offer, 'Apply to File')
  await until('the file has the new name', async () =>
    (await page.shownText()).includes('[["north","sea"],["bulk","trades"]]'),
  )
}

async function loop(page) {
  // What could not be loaded leads to the line that lists it, and the picture shows what each was granted.
  await page.row('lost').click()
  await until('the configuration is there', async () => (await page.shownText()).includes('max_execution_time'))
  await page.callMethod('hostile', 'loop')
  await page.notification('hostile.loop').waitFor()
  const told = page.notification('hostile.loop: The extension ran longer than')
  await told.waitFor()
  await page.row('hostile 1 call, 1 error').waitFor()
  await page.picture('timeout')
  await page.closeNotifications()
}

async function hoard(page) {
  await page.callMethod('hostile', 'hoard')
  await page.notification('hostile.hoard: The extension needed more memory').waitFor()
  await page.row('hostile 2 calls, 2 errors').waitFor()
  await page.closeNotifications()
}

async function cancel(page) {
  await page.callMethod('endless', 'loop')
  const running = page.notification('endless.loop')
  await running.waitFor()
  await page.row('endless running').waitFor()
  // It says for how long.
  await page.notification('endless.loop: ').waitFor()
  await page.picture('cancel')
  await page.button(running, 'Cancel')
  await page.statusSays('endless.loop: cancelled.')
  await page.row('endless 1 call, 1 error').waitFor()
}

/** Each window has an extension host of its own, and what ends one leaves the other alone. */
async function close(page, second, editor, host) {
  await second.openView()
  await second.callMethod('endless', 'loop')
  await second.row('endless running').waitFor()
  const both = editor.extensionHosts()
  check(both.length === 2 && both.includes(host), `Two windows have the extension hosts ${both.join(', ')}.`)
  await second.close()
  await until('its extension host has ended', () => editor.extensionHosts().join() === String(host))
  await page.row('endless 1 call, 1 error').waitFor()
}

async function kill(page, editor) {
  const [host] = editor.extensionHosts()
  await page.callMethod('endless', 'loop')
  await page.row('endless running').waitFor()
  process.kill(host, 'SIGKILL')
  await until('there is another one', () => editor.extensionHosts().some((next) => next !== host))
  await page.row('endless 0 calls').waitFor()
  await page.callMethod('hostile', 'count')
  await page.notification('hostile.count answered 1').waitFor()
}

async function reload(page, editor, host, live) {
  await page.callMethod('endless', 'loop')
  await page.row('endless running').waitFor()
  await page.command('Developer: Reload Window')
  const since = performance.now()
  await until('the extension host has ended', () => !isAlive(host), 20_000)
  live.note(`the extension host had ended after ${duration(performance.now() - since)}`)
  await page.ready()
  const next = await until('there is another one', () => editor.extensionHosts()[0])
  await page.openView()
  await page.row('endless 0 calls').waitFor()
  check(editor.extensionHosts().join() === String(next), 'There is more than one extension host.')
  check(
    threadsOf(next).some((name) => name.startsWith('morphir-guest')),
    'The new extension host has no threads for guests.',
  )
}

function check(holds, message) {
  if (!holds) throw new Failure(message)
}
