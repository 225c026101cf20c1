// Models as a computer makes them up: every kind of type, value and pattern, and no sense. The same for each seed.

type Json = unknown
type FqName = [string[][], string[][], string[]]

const WORDS = ['a', 'order', 'total', 'u', 's', '9', 'day']
const UNIT = ['Unit', {}]
const sdk = (module: string[], name: string[]): FqName => [[['morphir'], ['s', 'd', 'k']], [module], name]
const PLAIN = [
  ...['int', 'float', 'bool', 'order'].map((name) => sdk(['basics'], [name])),
  ...['string', 'char', 'decimal'].map((name) => sdk([name], [name])),
  sdk(['local', 'date'], ['local', 'date']),
  sdk(['local', 'date'], ['month']),
  sdk(['local', 'time'], ['local', 'time']),
  sdk(['key'], ['key', '0']),
  sdk(['regex'], ['match']),
]
const OF_ONE = ['list', 'set', 'maybe'].map((name) => sdk([name], [name]))
const OF_TWO = [...['result', 'dict', 'rule'].map((name) => sdk([name], [name])), sdk(['aggregate'], ['aggregator'])]
const LITERALS = [
  ['BoolLiteral', true],
  ['CharLiteral', 'c'],
  ['StringLiteral', 's'],
  ['WholeNumberLiteral', 3],
  ['FloatLiteral', 1.5],
]

export function generatedIr(seed: number): Json {
  let state = seed
  const below = (limit: number) => {
    state = (state * 48_271) % 2_147_483_647
    return state % limit
  }
  const pick = <T>(all: T[]): T => all[below(all.length)]!
  const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make)
  const name = () => times(1 + below(3), () => pick(WORDS))
  /** A dictionary: no name twice. */
  const named = <T>(count: number, make: () => T): [string[], T][] =>
    [...new Map(times(count, name).map((key) => [key.join('-'), key])).values()].map((key) => [key, make()])

  // Types refer to those that are there before them: on circles morphir-elm's stack overflows.
  const known: FqName[] = []
  // Two models in three have only types that JSON Schema has something for.
  const kinds = below(3) === 0 ? 12 : 8

  const type = (depth: number): Json => {
    const kind = depth === 0 ? 0 : below(kinds)
    if (kind < 3) return ['Reference', {}, known.length > 0 && below(2) === 0 ? pick(known) : pick(PLAIN), []]
    if (kind < 5) return ['Reference', {}, pick(OF_ONE), [type(depth - 1)]]
    if (kind === 5) return ['Reference', {}, pick(OF_TWO), [type(depth - 1), type(depth - 1)]]
    if (kind === 6) return ['Tuple', {}, times(2 + below(2), () => type(depth - 1))]
    if (kind === 7) return ['Record', {}, fields(depth)]
    if (kind === 8) return ['ExtensibleRecord', {}, name(), fields(depth)]
    if (kind === 9) return ['Function', {}, type(depth - 1), type(depth - 1)]
    return kind === 10 ? ['Variable', {}, name()] : UNIT
  }
  const fields = (depth: number) => named(below(4), () => type(depth - 1)).map(([key, tpe]) => ({ name: key, tpe }))

  const pattern = (depth: number): Json => {
    const inner = () => pattern(depth - 1)
    const leaves = [() => ['WildcardPattern', UNIT], () => ['EmptyListPattern', UNIT], () => ['UnitPattern', UNIT]]
    const branches = [
      () => ['AsPattern', UNIT, inner(), name()],
      () => ['TuplePattern', UNIT, [inner(), inner()]],
      () => ['ConstructorPattern', UNIT, sdk(['maybe'], ['just']), [inner()]],
      () => ['HeadTailPattern', UNIT, inner(), inner()],
      () => ['LiteralPattern', UNIT, pick(LITERALS)],
    ]
    return pick<() => Json>(depth === 0 ? leaves : [...leaves, ...branches])()
  }

  const definition = (depth: number): Json => ({
    inputTypes: named(below(3), () => type(2)).map(([key, tpe]) => [key, UNIT, tpe]),
    outputType: type(2),
    body: value(depth),
  })
  const value = (depth: number): Json => {
    const inner = () => value(depth - 1)
    const leaves = [
      () => ['Literal', UNIT, pick(LITERALS)],
      () => ['Constructor', UNIT, sdk(['maybe'], ['just'])],
      () => ['Variable', UNIT, name()],
      () => ['Reference', UNIT, pick([sdk(['basics'], ['add']), [[['other']], [['m']], ['f']]])],
      () => ['FieldFunction', UNIT, name()],
      () => ['Unit', UNIT],
    ]
    const branches = [
      () => ['Tuple', UNIT, [inner(), inner()]],
      () => ['List', UNIT, [inner(), inner()]],
      () => ['Record', UNIT, named(2, inner)],
      () => ['Field', UNIT, inner(), name()],
      () => ['Apply', UNIT, inner(), inner()],
      () => ['Apply', UNIT, ['Apply', UNIT, inner(), inner()], inner()],
      () => ['Lambda', UNIT, pattern(2), inner()],
      () => ['LetDefinition', UNIT, name(), definition(depth - 1), inner()],
      () => ['LetRecursion', UNIT, named(2, () => definition(depth - 1)), inner()],
      () => ['Destructure', UNIT, pattern(2), inner(), inner()],
      () => ['IfThenElse', UNIT, inner(), inner(), inner()],
      () => ['PatternMatch', UNIT, inner(), times(2, () => [pattern(2), inner()])],
      () => ['UpdateRecord', UNIT, inner(), named(2, inner)],
    ]
    return pick<() => Json>(depth === 0 ? leaves : [...leaves, ...branches])()
  }

  const specification = (): Json =>
    pick([
      () => ['TypeAliasSpecification', [], type(2)],
      () => ['OpaqueTypeSpecification', []],
      () => ['CustomTypeSpecification', [], [[['c'], [[['x'], type(1)]]]]],
      () => ['DerivedTypeSpecification', [], { baseType: type(1), fromBaseType: PLAIN[0], toBaseType: PLAIN[0] }],
    ])()
  const typeDefinition = (): Json => {
    const params = kinds > 8 && below(4) === 0 ? [['a']] : []
    if (below(2) === 0) return ['TypeAliasDefinition', params, type(3)]
    const constructors = named(1 + below(3), () => named(below(3), () => type(2)))
    return ['CustomTypeDefinition', params, { access: pick(['Public', 'Private']), value: constructors }]
  }
  const controlled = (inner: Json) => ({ access: pick(['Public', 'Private']), value: inner })
  const documented = (inner: Json) => ({ doc: '', value: inner })

  const remember = <T>(packageName: string[][], module: string[][], types: [string[], T][]) => {
    known.push(...types.map(([key]): FqName => [packageName, module, key]))
    return types
  }
  const dependency = [['other']]
  const specified = remember(
    dependency,
    [['m']],
    named(3, () => documented(specification())),
  )
  const own = [name(), ['shop']]
  const modules = times(1 + below(3), name).map((words, index) => {
    const path = [['m', `${index}`], words]
    const types = remember(
      own,
      path,
      named(below(6), () => controlled(documented(typeDefinition()))),
    )
    const values = named(below(4), () => controlled(documented(definition(4))))
    return [path, controlled({ types, values, doc: null })]
  })
  const dependencies = [[dependency, { modules: [[[['m']], { types: specified, values: [], doc: null }]] }]]
  return { formatVersion: 3, distribution: ['Library', own, dependencies, { modules }] }
}
