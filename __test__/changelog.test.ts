import { describe, expect, it } from 'vitest'

interface Changelog {
  section(changelog: string, version: string): string | undefined
  unwrapped(text: string): string
}

const { section, unwrapped } = (await import(
  new URL('../scripts/lib/changelog.mjs', import.meta.url).href
)) as Changelog

const CHANGELOG = `# Changelog

## [Unreleased]

### Added

- A thing, told
  in two lines.

## [1.1.0] - 2026-11-24

- Newer.

## [1.1.0-rc.1] - 2026-11-01

- Nearly.

## [1.0.0] - 2026-10-01

Oldest.

[1.0.0]: https://example.com/1.0.0
`

describe('the notes of a release', () => {
  it.each([
    ['Unreleased', '### Added\n\n- A thing, told\n  in two lines.\n'],
    ['1.1.0', '- Newer.\n'],
    ['1.1.0-rc.1', '- Nearly.\n'],
    ['1.0.0', 'Oldest.\n'],
  ])('are what the changelog tells of %s', (version, text) => {
    expect(section(CHANGELOG, version)).toBe(text)
  })

  it.each(['1.1', '2.0.0', '1x1x0', ''])('are nothing where it does not tell of "%s"', (version) => {
    expect(section(CHANGELOG, version)).toBeUndefined()
  })

  it('have each paragraph and item in a line, and all else as it was', () => {
    const text = '### Added\n\nOne\nparagraph.\n\n- An\n  `item`.\n- Another.\n\n| a |\n| - |\n\n```sh\nls\n```\n'
    expect(unwrapped(text)).toBe(
      '### Added\n\nOne paragraph.\n\n- An `item`.\n- Another.\n\n| a |\n| - |\n\n```sh\nls\n```\n',
    )
  })
})
