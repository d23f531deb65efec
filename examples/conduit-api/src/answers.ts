import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'

/** An error for an invalid field of a request, in the format of the RealWorld specification. */
export function invalid(field: string, problem: string): HTTPException {
  return refusal(422, { errors: { [field]: [problem] } })
}

/** An error that ends the request with this answer. */
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

/** @throws HTTPException 422 if the field is not a string, or if it is blank. */
export function textOf(body: Readonly<Record<string, unknown>> | undefined, field: string): string {
  const value = body?.[field]
  if (typeof value === 'string' && value.trim() !== '') return value
  throw invalid(field, "can't be blank")
}

/** Answers a request whose handler threw an error. */
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

/** Returns whether the error says that another row has the same value in a unique field. */
export function isTaken(error: unknown): boolean {
  return codeOf(error) === 'P2002'
}

/** Errors are recognised by their code, because each generated client has its own error classes. */
function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
