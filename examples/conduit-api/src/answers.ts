import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'

/** What a request lacks, in the form of the RealWorld specification. */
export function invalid(field: string, problem: string): HTTPException {
  return refusal(422, { errors: { [field]: [problem] } })
}

/** An answer that ends the request. */
export function refusal(
  status: 404 | 409 | 422,
  body: object,
  headers: Record<string, string> = {},
) {
  return new HTTPException(status, { res: Response.json(body, { status, headers }) })
}

export function notFound(what: string): HTTPException {
  return refusal(404, { errors: { [what]: ['not found'] } })
}

/** @throws HTTPException 422 if the part of the body is not a text with something in it. */
export function textOf(body: Readonly<Record<string, unknown>> | undefined, field: string): string {
  const value = body?.[field]
  if (typeof value === 'string' && value.trim() !== '') return value
  throw invalid(field, "can't be blank")
}

/** What no handler caught. */
export function failure(error: Error, context: Context): Response | Promise<Response> {
  if (error instanceof HTTPException) {
    if (error.res !== undefined) return error.getResponse()
    return context.json({ errors: { body: [error.message] } }, error.status)
  }
  if (error instanceof SyntaxError) return context.json({ errors: { body: ['is not JSON'] } }, 400)
  if (codeOf(error) === 'P2025') return context.json({ errors: { body: ['not found'] } }, 404)
  console.error(error)
  return context.json({ errors: { body: ['something went wrong'] } }, 500)
}

/** Whether a unique field has the value already. */
export function isTaken(error: unknown): boolean {
  return codeOf(error) === 'P2002'
}

/** Each provider's client has an error class of its own; what they share is the code. */
function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
