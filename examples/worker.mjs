// A worker in JavaScript:  npm install @camunda8/sdk && node examples/worker.mjs
import { Camunda8 } from '@camunda8/sdk'

const address = process.env.ZEEBE_ADDRESS ?? '127.0.0.1:26500'
const zeebe = new Camunda8({ ZEEBE_GRPC_ADDRESS: `grpc://${address}`, CAMUNDA_AUTH_STRATEGY: 'NONE' }).getZeebeGrpcApiClient()

zeebe.createWorker({
  taskType: 'ship-goods',
  taskHandler: (job) => {
    console.log(`shipping ${job.variables.orderId}`)
    return job.complete({ parcel: `parcel-of-${job.variables.orderId}` })
  },
})
