// Runs the steps of a client test one by one; every difference is told, and the exit code says whether there was one.

import { isDeepStrictEqual } from 'node:util'

export const models = new URL('../models/', import.meta.url)

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms))

export function check(what, expected, got) {
  if (!isDeepStrictEqual(expected, got)) {
    throw new Error(`${what}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(got)}`)
  }
}

// The promise must be refused, with a text or status that matches.
export async function refused(pattern, promise) {
  let answer
  try {
    answer = await promise
  } catch (error) {
    const text = `${error.code ?? ''} ${error.status ?? error.statusCode ?? ''} ${error.message} ${error.details ?? ''} ${JSON.stringify(error)}`
    if (!pattern.test(text)) throw new Error(`refused, but not with ${pattern}: ${text}`)
    return
  }
  throw new Error(`expected a refusal with ${pattern}, got ${JSON.stringify(answer)}`)
}

export function within(ms, what, promise) {
  let timer
  const late = new Promise((_, fail) => {
    timer = setTimeout(() => fail(new Error(`not within ${ms} ms: ${what}`)), ms)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

// Keys count up within a partition: an incident's key follows that of the job it belongs to.
export async function resolveIncidentAfter(jobKey, resolve) {
  for (let step = 1n; step < 50n; step += 1n) {
    try {
      await resolve(String(BigInt(jobKey) + step))
      return
    } catch (error) {
      const text = `${error.code ?? ''} ${error.status ?? error.statusCode ?? ''} ${error.message} ${JSON.stringify(error)}`
      if (!/NOT_FOUND|\b404\b|\b5\b/.test(text)) throw error
    }
  }
  throw new Error('no incident was found')
}

export async function run(client, steps) {
  let failed = 0
  for (const [name, step] of Object.entries(steps)) {
    try {
      await within(40_000, name, step())
      console.log(`ok     ${client} ${name}`)
    } catch (error) {
      failed += 1
      console.log(`FAILED ${client} ${name}: ${error.stack ?? error}`)
    }
  }
  process.exit(failed ? 1 : 0)
}
