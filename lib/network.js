'use strict'

// Requests of guests over the network, within what their extension is granted. A name is resolved once, and the connection goes to an
// address that was looked at: a name server that answers differently the second time gains nothing.

const { lookup } = require('node:dns')
const http = require('node:http')
const https = require('node:https')
const { isIP } = require('node:net')
const { addressOf, isGrantedAddress, isGrantedHost } = require('./grant.js')

const MAX_REDIRECTS = 10
const REDIRECTS = new Set([301, 302, 303, 307, 308])
/** What belongs to the connection, and not to the guest; with `host` it could ask an allowed server for another one's pages. */
const OF_CONNECTION = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])
/** What no other host than the one that it was meant for gets to see. */
const SECRETS = new Set(['authorization', 'cookie'])
const OF_BODY = /^content-/

/**
 * Makes a guest's request.
 * @param {{ arguments: (Uint8Array | null)[], grant: { any: boolean, hosts: string[], maxResponse: number } }} asked
 * @param {AbortSignal} signal aborted when the guest waits no more
 * @returns {Promise<{ status: number, headers: string, body: Uint8Array }>}
 */
async function request({ arguments: [text, body], grant }, signal) {
  let next = { ...read(text), body }
  for (let redirects = 0; ; redirects += 1) {
    const response = await send(next, grant, signal)
    const { location } = response.headers
    if (!REDIRECTS.has(response.statusCode) || location === undefined) return receive(response, grant)
    // Its body is of no interest, and could be endless.
    response.destroy()
    if (redirects === MAX_REDIRECTS) throw new Error(`it was redirected more than ${MAX_REDIRECTS} times`)
    next = redirected(next, response.statusCode, location)
  }
}

/** What a guest wants, as kits write it: `{ url, method?, headers? }`. */
function read(text) {
  let wanted
  try {
    wanted = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(text ?? new Uint8Array()))
  } catch (cause) {
    throw new Error(`the request is not JSON: ${cause.message}`, { cause })
  }
  const { url, method = 'GET', headers = {} } = wanted ?? {}
  const verb = String(method ?? 'GET').toUpperCase()
  if (verb === 'CONNECT' || verb === 'TRACE') throw new Error(`the method ${verb} is not for extensions`)
  const wantedHeaders = Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)])
  return {
    url: urlOf(url),
    method: verb,
    headers: Object.fromEntries(wantedHeaders.filter(([name]) => !OF_CONNECTION.has(name))),
  }
}

function urlOf(text, base) {
  let url
  try {
    url = new URL(text, base)
  } catch {
    throw new Error(`${JSON.stringify(text)} is not a URL`)
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new Error(`${url.protocol}// is not for extensions: they have http: and https:`)
  }
  return url
}

/** What follows a redirect, as browsers do it. */
function redirected({ url, method, headers, body }, status, location) {
  const to = urlOf(location, url)
  const asGet = (status === 303 && method !== 'HEAD') || ((status === 301 || status === 302) && method === 'POST')
  const kept = Object.entries(headers).filter(
    ([name]) => !(to.origin !== url.origin && SECRETS.has(name)) && !(asGet && OF_BODY.test(name)),
  )
  return { url: to, method: asGet ? 'GET' : method, headers: Object.fromEntries(kept), body: asGet ? null : body }
}

async function send({ url, method, headers, body }, grant, signal) {
  const addresses = await granted(url, grant, signal)
  const { request: start } = url.protocol === 'https:' ? https : http
  return new Promise((resolve, reject) => {
    const sent = start(url, {
      method,
      headers: body === null ? headers : { ...headers, 'content-length': body.length },
      signal,
      // A connection of its own: one of the application's could lead to an address that nobody looked at.
      agent: false,
      lookup: (_, { all }, done) => {
        if (all) done(null, addresses)
        else done(null, addresses[0].address, addresses[0].family)
      },
    })
    sent.on('response', resolve)
    sent.on('upgrade', (_, socket) => {
      socket.destroy()
      reject(new Error('the server answered with another protocol'))
    })
    sent.on('error', (error) => reject(signal.aborted ? signal.reason : error))
    sent.end(body ?? undefined)
  })
}

/** The addresses that may be connected to for a URL. */
async function granted({ hostname }, grant, signal) {
  const host = addressOf(hostname)
  if (!isGrantedHost(host, grant)) throw new Error(`${hostname} is not among the hosts that it is granted`)
  const found = isIP(host) === 0 ? await resolve(host, signal) : [{ address: host, family: isIP(host) }]
  const addresses = found.filter(({ address }) => isGrantedAddress(host, address, grant))
  if (addresses.length > 0) return addresses
  throw new Error(
    `${hostname} leads to ${found[0]?.address ?? 'no address'}, which is not a public address: ` +
      'it would have to be granted by itself',
  )
}

function resolve(host, signal) {
  return new Promise((resolve, reject) => {
    // A look-up cannot be taken back; whoever waits for it need not.
    const stop = () => reject(signal.reason)
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
    lookup(host, { all: true }, (error, addresses) => {
      signal.removeEventListener('abort', stop)
      if (error) reject(error)
      else resolve(addresses)
    })
  })
}

async function receive(response, { maxResponse }) {
  const tooLarge = () => {
    response.destroy()
    return new Error(`the response is larger than ${maxResponse} bytes, which is what maxOutput grants`)
  }
  if (Number(response.headers['content-length']) > maxResponse && response.req.method !== 'HEAD') throw tooLarge()
  const chunks = []
  let length = 0
  for await (const chunk of response) {
    length += chunk.length
    if (length > maxResponse) throw tooLarge()
    chunks.push(chunk)
  }
  const headers = Object.entries(response.headers).map(([name, value]) => [name, [value].flat().join(', ')])
  return {
    status: response.statusCode,
    headers: JSON.stringify(Object.fromEntries(headers)),
    body: Buffer.concat(chunks, length),
  }
}

module.exports = { request }
