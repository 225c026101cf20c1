'use strict'

// What of the network an extension may reach: hosts by their names, and addresses that are nobody's private ones.

const { BlockList, isIP } = require('node:net')

/** IPv4 that is not public: private, shared, loopback, link-local, for documentation and tests, multicast, reserved. */
const NOT_PUBLIC_IPV4 = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
]
/** The same of IPv6, and tunnels to whatever IPv4 (6to4, Teredo, private NAT64). */
const NOT_PUBLIC_IPV6 = [
  ['::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 32],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 9],
  ['ff00::', 8],
]

const notPublic = new BlockList()
for (const [network, bits] of NOT_PUBLIC_IPV4) {
  notPublic.addSubnet(network, bits, 'ipv4')
  // An address of IPv4 in one of IPv6: mapped, translated, and as NAT64 translates it.
  notPublic.addSubnet(`::ffff:${network}`, 96 + bits, 'ipv6')
  notPublic.addSubnet(`::ffff:0:${network}`, 96 + bits, 'ipv6')
  notPublic.addSubnet(`64:ff9b::${network}`, 96 + bits, 'ipv6')
}
for (const [network, bits] of NOT_PUBLIC_IPV6) notPublic.addSubnet(network, bits, 'ipv6')

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/** A host's name as it is compared, or its address without brackets. */
function addressOf(host) {
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host
  return bare.toLowerCase().replace(/\.$/, '')
}

/** One way to write an address, for there are many. */
function canonical(host) {
  const address = addressOf(host)
  return isIP(address) === 6 ? addressOf(new URL(`http://[${address}]`).hostname) : address
}

/** Whether requests to this host are granted, wherever it leads. */
function isGrantedHost(host, { any, hosts }) {
  return any || hosts.some((entry) => matches(host, canonical(entry)))
}

function matches(host, entry) {
  return entry.startsWith('*.') ? host.endsWith(entry.slice(1)) && host.length >= entry.length : host === entry
}

/** Whether a connection to this address is granted, to which the host's name leads. */
function isGrantedAddress(host, address, { hosts }) {
  const found = canonical(address.replace(/%.*$/, ''))
  const family = isIP(found) === 6 ? 'ipv6' : 'ipv4'
  if (!notPublic.check(found, family)) return true
  const isLocal = host === 'localhost' && loopback.check(found, family)
  return hosts.map(canonical).some((entry) => entry === found || (entry === 'localhost' && isLocal))
}

module.exports = { addressOf, isGrantedAddress, isGrantedHost }
