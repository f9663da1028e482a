// @camunda8/orchestration-cluster-api (REST) against Weir, as a user would write it.

import createCamundaClient from '@camunda8/orchestration-cluster-api'
import { readFileSync } from 'node:fs'
import { check, models, refused, resolveIncidentAfter, run, sleep } from './steps.mjs'

const address = process.env.WEIR_REST_ADDRESS ?? 'http://127.0.0.1:8080'
const camunda = createCamundaClient({
  config: { CAMUNDA_REST_ADDRESS: address, CAMUNDA_AUTH_STRATEGY: 'NONE', CAMUNDA_SDK_LOG_LEVEL: 'error' },
})

const model = (name) => new File([readFileSync(new URL(`${name}.bpmn`, models))], `${name}.bpmn`, { type: 'application/xml' })
const start = (processDefinitionId, variables, more = {}) => camunda.createProcessInstance({ processDefinitionId, variables, ...more })
const withResult = (processDefinitionId, variables, more = {}) =>
  start(processDefinitionId, variables, { awaitCompletion: true, requestTimeout: 10_000, ...more })

async function working(jobType, jobHandler, during, more = {}) {
  const worker = camunda.createJobWorker({ jobType, jobHandler, maxParallelJobs: 5, jobTimeoutMs: 30_000, pollTimeoutMs: 2_000, ...more })
  try {
    return await during()
  } finally {
    worker.stop()
  }
}

await run('@camunda8/orchestration-cluster-api', {
  async topology() {
    const answer = await camunda.getTopology()
    if (!answer.brokers.length || answer.partitionsCount < 1) throw new Error(JSON.stringify(answer))
  },

  async deploy() {
    const answer = await camunda.createDeployment({
      resources: ['one-task', 'caught-error', 'wait-for-message', 'wait-for-timer'].map(model),
    })
    const ids = answer.processes.map((process) => process.processDefinitionId).sort()
    check('ids', ['caught-error', 'one-task', 'wait-for-message', 'wait-for-timer'], ids)
    const broken = readFileSync(new URL('one-task.bpmn', models), 'utf8').replace('targetRef="end"', 'targetRef="nowhere"')
    await refused(/\b400\b/, camunda.createDeployment({ resources: [new File([broken], 'broken.bpmn')] }))
  },

  async unknown() {
    await refused(/\b404\b/, start('no-such-process', {}))
    await refused(/\b404\b/, camunda.cancelProcessInstance({ processInstanceKey: '2251800813685247' }))
  },

  async poll() {
    const jobs = []
    const variables = { amount: 21, name: 'Ada \u2713', nested: { a: [1, 2.5, null, true] } }
    const handler = (job) => {
      jobs.push(job)
      return job.complete({ total: job.variables.amount * 2 })
    }
    const result = await working('work', handler, () => withResult('one-task', variables))
    check('result', { ...variables, total: 42 }, result.variables)
    check('headers', { channel: 'mail' }, { ...jobs[0].customHeaders })
    check('element', 'task', jobs[0].elementId)
    check('retries', 3, jobs[0].retries)
  },

  async retry() {
    const retries = []
    const handler = (job) => {
      retries.push(job.retries)
      if (retries.length === 1) return job.fail({ errorMessage: 'mail server away', retries: job.retries - 1, retryBackOff: 200 })
      return job.complete({ attempts: retries.length })
    }
    const result = await working('work', handler, () => withResult('one-task', {}))
    check('attempts', { attempts: 2 }, result.variables)
    check('retries count down', [3, 2], retries)
  },

  async error() {
    const charge = (job) => job.error({ errorCode: 'CARD_DECLINED', errorMessage: 'declined', variables: { reason: 'no money' } })
    const repair = (job) => job.complete({ repaired: true, why: job.variables.reason })
    const result = await working('charge', charge, () => working('repair', repair, () => withResult('caught-error', {})))
    check('the other way was taken', true, result.variables.repaired)
    check("the error's variables are seen", 'no money', result.variables.why)
  },

  async message() {
    const waiting = withResult('wait-for-message', { orderId: 'rest-1' })
    await sleep(300)
    const message = { name: 'payment-received', correlationKey: 'rest-1', variables: { paid: 42 } }
    await camunda.publishMessage({ ...message, timeToLive: 60_000 })
    check('paid', { orderId: 'rest-1', paid: 42 }, (await waiting).variables)

    const { processInstanceKey } = await start('wait-for-message', { orderId: 'rest-2' })
    await sleep(300)
    const correlated = await camunda.correlateMessage({ ...message, correlationKey: 'rest-2' })
    check('the instance that took it', processInstanceKey, correlated.processInstanceKey)
    await refused(/\b404\b/, camunda.correlateMessage({ ...message, correlationKey: 'rest-2' }))
  },

  async timer() {
    const begin = performance.now()
    await withResult('wait-for-timer', {})
    const took = performance.now() - begin
    if (took < 950 || took > 4000) throw new Error(`a timer of one second took ${took} ms`)
  },

  async cancel() {
    const { processInstanceKey } = await start('one-task', {})
    await camunda.cancelProcessInstance({ processInstanceKey })
    await refused(/\b404\b/, camunda.cancelProcessInstance({ processInstanceKey }))
  },

  async incident() {
    const activate = async () => {
      const answer = await camunda.activateJobs({ type: 'work', worker: 'rest', timeout: 60_000, maxJobsToActivate: 1, requestTimeout: 5_000 })
      return answer.jobs[0]
    }
    const { processInstanceKey } = await start('one-task', {})
    const job = await activate()
    check('instance', processInstanceKey, job.processInstanceKey)
    await camunda.failJob({ jobKey: job.jobKey, retries: 0, errorMessage: 'broken', retryBackOff: 0 })
    await refused(/\b409\b/, camunda.completeJob({ jobKey: job.jobKey, variables: {} }))
    await camunda.createElementInstanceVariables({ elementInstanceKey: processInstanceKey, variables: { fixed: true } })
    await camunda.updateJob({ jobKey: job.jobKey, changeset: { retries: 1 } })
    await resolveIncidentAfter(job.jobKey, (incidentKey) => camunda.resolveIncident({ incidentKey }))
    const again = await activate()
    check('the same job', job.jobKey, again.jobKey)
    check('the fix is seen', true, again.variables.fixed)
    await camunda.completeJob({ jobKey: again.jobKey, variables: {} })
    await refused(/\b404\b/, camunda.completeJob({ jobKey: again.jobKey, variables: {} }))
  },
})
