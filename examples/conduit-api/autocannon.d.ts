/** Types for the part of autocannon that `load.ts` uses, because the package has none. */
declare module 'autocannon' {
  export interface Request {
    method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
    path?: string
    headers?: Record<string, string>
    body?: string
  }

  export interface Result {
    readonly requests: { readonly average: number; readonly total: number }
    /** In milliseconds. */
    readonly latency: { readonly p50: number; readonly p99: number }
    readonly errors: number
    readonly non2xx: number
  }

  export default function autocannon(options: {
    readonly url: string
    readonly connections: number
    /** In seconds. */
    readonly duration: number
    readonly requests: readonly { readonly setupRequest: (request: Request) => Request }[]
  }): PromiseLike<Result>
}
