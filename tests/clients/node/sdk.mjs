// @camunda8/sdk over gRPC against Weir, as a user would write it.

import { readFileSync } from 'node:fs'
import { Camunda8 } from '@camunda8/sdk'
import { check, models, refused, resolveIncidentAfter, run, sleep, within } from './steps.mjs'

const address = process.env.ZEEBE_ADDRESS ?? '127.0.0.1:26500'
const connect = (more = {}) => new Camunda8({
  ZEEBE_GRPC_ADDRESS: `grpc://${address}`,
  CAMUNDA_OAUTH_DISABLED: true,
  CAMUNDA_AUTH_STRATEGY: 'NONE',
  CAMUNDA_LOG_LEVEL: 'none',
  zeebeGrpcSettings: { ZEEBE_CLIENT_LOG_LEVEL: 'NONE', ...more },
}).getZeebeGrpcApiClient()
const zeebe = connect()

const deploy = (name) => zeebe.deployResource({ processFilename: new URL(`${name}.bpmn`, models).pathname })
const withResult = (bpmnProcessId, variables, more = {}) =>
  zeebe.createProcessInstanceWithResult({ bpmnProcessId, variables, requestTimeout: 10_000, ...more })

async function working(taskType, taskHandler, during, more = {}) {
  const worker = zeebe.createWorker({ taskType, taskHandler, longPoll: 2_000, pollInterval: 50, ...more })
  try {
    return await during()
  } finally {
    await worker.close(500)
  }
}

await run('@camunda8/sdk', {
  async topology() {
    const answer = await zeebe.topology()
    if (!answer.brokers.length) throw new Error('no brokers')
  },

  async deploy() {
    for (const name of ['one-task', 'caught-error', 'wait-for-message', 'wait-for-timer']) {
      const answer = await deploy(name)
      check('id', name, answer.deployments[0].process.bpmnProcessId)
    }
    const version = (await deploy('one-task')).deployments[0].process.version
    check('the same model is the same version', version, (await deploy('one-task')).deployments[0].process.version)
    const broken = readFileSync(new URL('one-task.bpmn', models), 'utf8').replace('targetRef="end"', 'targetRef="nowhere"')
    await refused(/INVALID_ARGUMENT|\b3\b/, zeebe.deployResource({ process: Buffer.from(broken), name: 'broken.bpmn' }))
  },

  async unknown() {
    await refused(/NOT_FOUND/, zeebe.createProcessInstance({ bpmnProcessId: 'no-such-process', variables: {} }))
    await refused(/NOT_FOUND/, zeebe.cancelProcessInstance('2251800813685247'))
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
    check('jobs', 1, jobs.length)
    check('headers', { channel: 'mail' }, { ...jobs[0].customHeaders })
    check('element', 'task', jobs[0].elementId)
    check('retries', 3, jobs[0].retries)
  },

  async stream() {
    const stream = await zeebe.streamJobs({
      type: 'work', worker: 'node-stream', timeout: 30_000, taskHandler: (job) => job.complete({ streamed: job.variables.n }),
    })
    await sleep(500)
    try {
      const results = await Promise.all([1, 2, 3, 4, 5].map((n) => withResult('one-task', { n })))
      check('streamed', [1, 2, 3, 4, 5], results.map((result) => result.variables.streamed))
    } finally {
      stream.close()
    }
  },

  async 'some variables'() {
    const handler = (job) => job.complete({ seen: Object.keys(job.variables) })
    const during = () => withResult('one-task', { amount: 1, other: 2 }, { fetchVariables: ['seen'] })
    const result = await working('work', handler, during, { fetchVariable: ['amount'] })
    check('only what was asked for', { seen: ['amount'] }, result.variables)
  },

  async retry() {
    const retries = []
    const handler = (job) => {
      retries.push(job.retries)
      if (retries.length === 1) {
        return job.fail({ errorMessage: 'mail server away', retries: job.retries - 1, retryBackOff: 200 })
      }
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
    const waiting = withResult('wait-for-message', { orderId: 'node-1' })
    await sleep(300)
    const publish = (correlationKey, messageId, paid) =>
      zeebe.publishMessage({ name: 'payment-received', correlationKey, messageId, timeToLive: 60_000, variables: { paid } })
    await publish('node-1', 'message-1', 42)
    check('paid', { orderId: 'node-1', paid: 42 }, (await waiting).variables)
    await publish('node-2', 'message-2', 1)
    await refused(/ALREADY_EXISTS/, publish('node-2', 'message-2', 1))
    check('kept', 1, (await withResult('wait-for-message', { orderId: 'node-2' })).variables.paid)
  },

  async timer() {
    const start = performance.now()
    await withResult('wait-for-timer', {})
    const took = performance.now() - start
    if (took < 950 || took > 4000) throw new Error(`a timer of one second took ${took} ms`)
  },

  async 'time-out'() {
    // The SDK tries again for ever unless told not to.
    const once = connect({ ZEEBE_GRPC_CLIENT_RETRY: false })
    const request = { bpmnProcessId: 'wait-for-timer', variables: {}, requestTimeout: 200 }
    await refused(/DEADLINE_EXCEEDED/, once.createProcessInstanceWithResult(request))
    await once.close(100)
  },

  async cancel() {
    const { processInstanceKey } = await zeebe.createProcessInstance({ bpmnProcessId: 'one-task', variables: {} })
    await zeebe.cancelProcessInstance(processInstanceKey)
    await refused(/NOT_FOUND/, zeebe.cancelProcessInstance(processInstanceKey))
  },

  async incident() {
    const activate = () =>
      zeebe.activateJobs({ type: 'work', worker: 'node', timeout: 60_000, maxJobsToActivate: 1, requestTimeout: 5_000 })
    const { processInstanceKey } = await zeebe.createProcessInstance({ bpmnProcessId: 'one-task', variables: {} })
    const [job] = await activate()
    check('instance', processInstanceKey, job.processInstanceKey)
    await zeebe.failJob({ jobKey: job.key, retries: 0, errorMessage: 'broken', retryBackOff: 0 })
    await refused(/FAILED_PRECONDITION/, zeebe.completeJob({ jobKey: job.key, variables: {} }))
    await zeebe.setVariables({ elementInstanceKey: processInstanceKey, variables: { fixed: true }, local: false })
    await zeebe.updateJobRetries({ jobKey: job.key, retries: 1 })
    await resolveIncidentAfter(job.key, (incidentKey) => zeebe.resolveIncident({ incidentKey }))
    const [again] = await within(6_000, 'the job', activate())
    check('the same job', job.key, again.key)
    check('the fix is seen', true, again.variables.fixed)
    await zeebe.updateJobTimeout({ jobKey: again.key, timeout: 30_000 })
    await zeebe.completeJob({ jobKey: again.key, variables: {} })
    await refused(/NOT_FOUND/, zeebe.completeJob({ jobKey: again.key, variables: {} }))
    await refused(/NOT_FOUND/, zeebe.cancelProcessInstance(processInstanceKey))
  },
})
