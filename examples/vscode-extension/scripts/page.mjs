import { join } from 'node:path'
import { build } from './places.mjs'

const PATIENCE = 30_000
const ATTEMPTS = 6
const ROW = '.monaco-list-row'

/** The editor's window, as a person sees it. */
export class Page {
  #page
  #pictures

  /** @param {string} pictures where its pictures go */
  static async open(browser, address, pictures) {
    const page = new Page()
    page.#pictures = pictures
    page.#page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
    page.#page.setDefaultTimeout(PATIENCE)
    await page.#page.goto(address)
    await page.ready()
    return page
  }

  async ready() {
    await this.#page.locator('.monaco-workbench .statusbar').waitFor()
  }

  /** Runs a command by its title. What an editor does at its first start can take the focus away, so it is tried again. */
  async command(title) {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#page.keyboard.press('Escape')
        await this.#page.keyboard.press('F1')
        const input = this.#page.locator('.quick-input-widget:not(.hidden) .quick-input-filter input')
        await input.fill(`>${title}`, { timeout: 4000 })
        await this.#page.locator(`.quick-input-list ${ROW}`, { hasText: title }).first().waitFor({ timeout: 4000 })
        await this.#page.keyboard.press('Enter')
        return
      } catch (error) {
        if (attempt === ATTEMPTS) throw error
      }
    }
  }

  /** Clicks an icon above the editor in front. */
  async editorAction(title) {
    await this.#page.locator(`.editor-actions [aria-label*="${title}"]`).first().click()
  }

  /** Opens a file of the folder. */
  async openFile(name) {
    await this.#page.locator(`.explorer-folders-view ${ROW}`, { hasText: name }).first().dblclick()
    await this.#page.locator('.tab', { hasText: name }).waitFor()
  }

  /** Opens the view with Morphir's extensions. */
  async openView() {
    await this.#page.locator('.activitybar a[aria-label="Morphir"]').click()
    await this.row('rename-package').waitFor()
  }

  /** Answers what an input box asks. */
  async answer(text) {
    const input = this.#page.locator('.quick-input-widget:not(.hidden) .quick-input-box input')
    await input.fill(text)
    await input.press('Enter')
  }

  /** The row of the view that begins with this text. */
  row(text) {
    return this.#page.locator(`.pane-body ${ROW}[aria-label^="${text}"]`)
  }

  /** Calls a method by the button in its row; more than one extension has a method of that name. */
  async callMethod(extension, method) {
    const rows = this.#page.locator(`.pane-body ${ROW}`)
    const names = await rows.evaluateAll((found) => found.map((row) => row.querySelector('.label-name')?.textContent))
    const row = rows.nth(names.indexOf(method, names.indexOf(extension)))
    await row.hover()
    await row.locator('[aria-label^="Call Method"]').click()
  }

  /** The notification with this text. */
  notification(text) {
    return this.#page.locator('.notifications-toasts .notification-list-item', { hasText: text })
  }

  async button(notification, label) {
    await notification.locator('.monaco-button', { hasText: label }).click()
  }

  async statusSays(text) {
    await this.#page.locator('.statusbar', { hasText: text }).waitFor()
  }

  /** What the editor in front shows of its document. */
  async shownText() {
    const lines = await this.#page
      .locator('.editor-instance .modified .view-line, .editor-instance > .monaco-editor .view-line')
      .allTextContents()
    return lines.join('\n').replaceAll('\u00a0', ' ')
  }

  async closeNotifications() {
    await this.command('Notifications: Clear All Notifications')
  }

  /** A picture of what there is now. */
  async picture(name) {
    // Away from what says something where the mouse is, and until nothing fades in or out any more.
    await this.#page.mouse.move(960, 600)
    await this.#page.waitForTimeout(600)
    await this.#page.screenshot({ path: join(this.#pictures, `vscode-${name}.png`) })
  }

  async close() {
    await this.#page.close()
  }

  /** A picture to see what went wrong, unless the window is closed. */
  async evidence() {
    if (this.#page.isClosed()) return undefined
    const path = join(build, 'failed.png')
    await this.#page.screenshot({ path })
    return path
  }
}
