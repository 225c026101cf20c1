declare module 'main' {
  export function initialize(): I32
  export function capabilities(): I32
  export function transform(): I32
  export function echo(): I32
}
