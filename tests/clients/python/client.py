"""pyzeebe against Weir, as a user would write it. Ends with 0 when everything behaves as with Zeebe."""

import asyncio
import os
import pathlib
import sys

import grpc
from pyzeebe import Job, JobController, ZeebeClient, ZeebeWorker, create_insecure_channel, errors
from pyzeebe.proto.gateway_pb2 import (
    FailJobRequest, ResolveIncidentRequest, ActivateJobsRequest, UpdateJobRetriesRequest, CompleteJobRequest,
    SetVariablesRequest,
)
from pyzeebe.proto.gateway_pb2_grpc import GatewayStub

MODELS = pathlib.Path(__file__).parent.parent / "models"


def check(what: str, expected, got) -> None:
    if expected != got:
        raise AssertionError(f"{what}: expected {expected!r}, got {got!r}")


async def expect(error: type[Exception], doing) -> None:
    try:
        await doing
    except error:
        return
    raise AssertionError(f"expected {error.__name__}")


async def within(seconds: float, what: str, awaitable):
    try:
        return await asyncio.wait_for(awaitable, seconds)
    except TimeoutError as error:
        raise AssertionError(f"not within {seconds} s: {what}") from error


# A job that was on its way to a worker that has just gone comes back after this time: before a step gives up.
JOB_MS = 3_000


def connect() -> grpc.aio.Channel:
    return create_insecure_channel(grpc_address=os.environ.get("ZEEBE_ADDRESS", "127.0.0.1:26500"))


class Worker:
    """A pyzeebe worker that runs while its block runs, over its own channel: closing that ends its polls and streams."""

    def __init__(self, **options):
        self.channel = connect()
        self.worker = ZeebeWorker(self.channel, poll_retry_delay=1, request_timeout=2000, **options)

        self.task = self.worker.task
        self.running = None

    async def __aenter__(self) -> "Worker":
        return self

    def start(self):
        self.running = asyncio.create_task(self.worker.work())

    async def __aexit__(self, *_):
        await self.worker.stop()
        self.running.cancel()
        await asyncio.gather(self.running, return_exceptions=True)
        await self.channel.close()


async def topology(client, channel):
    answer = await client.topology()
    assert answer.brokers, "no brokers"
    assert answer.partitions_count >= 1
    await client.healthcheck()


async def deploy(client, channel):
    answer = await client.deploy_resource(*sorted(MODELS.glob("*.bpmn")))
    ids = sorted(it.bpmn_process_id for it in answer.deployments)
    check("ids", ["caught-error", "one-task", "wait-for-message", "wait-for-timer"], ids)
    again = await client.deploy_resource(MODELS / "one-task.bpmn")
    check("the same model is the same version", 1, again.deployments[0].version)
    broken = pathlib.Path("/tmp") / f"broken-{os.getpid()}.bpmn"
    broken.write_text((MODELS / "one-task.bpmn").read_text().replace('targetRef="end"', 'targetRef="nowhere"'))
    try:
        await expect(errors.ProcessInvalidError, client.deploy_resource(broken))
    finally:
        broken.unlink()


async def unknown(client, channel):
    await expect(errors.ProcessDefinitionNotFoundError, client.run_process("no-such-process"))
    await expect(errors.ProcessInstanceNotFoundError, client.cancel_process_instance(2251799813685248 + 999_999_999))


async def work(client, channel, stream: bool):
    seen = []
    async with Worker(stream_enabled=stream) as worker:

        @worker.task(task_type="work", timeout_ms=JOB_MS)
        async def do(job: Job, amount: int, name: str) -> dict:
            seen.append(job)
            return {"total": amount * 2, "greeting": f"hello {name}"}

        worker.start()
        await asyncio.sleep(0.5 if stream else 0)
        variables = {"amount": 21, "name": "Ada \u2713", "nested": {"a": [1, 2.5, None, True]}}
        result = await client.run_process_with_result("one-task", variables, timeout=10_000)
    check("result", {**variables, "total": 42, "greeting": "hello Ada \u2713"}, result.variables)
    (job,) = seen
    check("process", "one-task", job.bpmn_process_id)
    check("element", "task", job.element_id)
    check("headers", {"channel": "mail"}, dict(job.custom_headers))
    check("retries", 3, job.retries)


async def some_variables(client, channel):
    async with Worker() as worker:

        @worker.task(task_type="work", timeout_ms=JOB_MS, variables_to_fetch=["amount"])
        async def do(job: Job, **_) -> dict:
            check("only what was asked for", {"amount": 1}, dict(job.variables))
            return {"seen": True}

        worker.start()
        result = await client.run_process_with_result("one-task", {"amount": 1, "other": 2}, timeout=10_000,
                                                      variables_to_fetch=["seen"])
    check("only the wished result", {"seen": True}, result.variables)


async def retry(client, channel):
    attempts = []

    async def try_again(exception: Exception, job: Job, job_controller: JobController) -> None:
        await job_controller.set_failure_status(str(exception), retry_back_off_ms=300)

    async with Worker() as worker:

        @worker.task(task_type="work", timeout_ms=JOB_MS, exception_handler=try_again)
        async def do(job: Job, **_) -> dict:
            attempts.append(job.retries)
            if len(attempts) == 1:
                raise RuntimeError("mail server away")
            return {"attempts": len(attempts)}

        worker.start()
        result = await client.run_process_with_result("one-task", {}, timeout=10_000)
    check("attempts", {"attempts": 2}, result.variables)
    check("retries count down", [3, 2], attempts)


async def error(client, channel):
    async def declined(exception: Exception, job: Job, job_controller: JobController) -> None:
        await job_controller.set_error_status(str(exception), "CARD_DECLINED", {"reason": "no money"})

    async with Worker() as worker:

        @worker.task(task_type="charge", timeout_ms=JOB_MS, exception_handler=declined)
        async def charge(job: Job, **_) -> dict:
            raise RuntimeError("card declined")

        @worker.task(task_type="repair", timeout_ms=JOB_MS)
        async def repair(job: Job, **_) -> dict:
            return {"repaired": True, "why": job.variables.get("reason")}

        worker.start()
        result = await client.run_process_with_result("caught-error", {}, timeout=10_000)
    check("the other way was taken", True, result.variables.get("repaired"))
    check("the error's variables are seen", "no money", result.variables.get("why"))


async def message(client, channel):
    waiting = asyncio.create_task(client.run_process_with_result("wait-for-message", {"orderId": "py-1"}, timeout=10_000))
    await asyncio.sleep(0.3)
    await client.publish_message("payment-received", "another", {"paid": 0}, time_to_live_in_milliseconds=0)
    await client.publish_message("payment-received", "py-1", {"paid": 42})
    result = await within(10, "the message", waiting)
    check("paid", {"orderId": "py-1", "paid": 42}, result.variables)

    # A message that nobody waits for yet is kept; its id is refused a second time.
    await client.publish_message("payment-received", "py-2", {"paid": 1}, 60_000, "message-1")
    await expect(errors.MessageAlreadyExistsError,
                 client.publish_message("payment-received", "py-2", {"paid": 1}, 60_000, "message-1"))
    result = await client.run_process_with_result("wait-for-message", {"orderId": "py-2"}, timeout=10_000)
    check("kept", 1, result.variables["paid"])


async def timer(client, channel):
    started = asyncio.get_running_loop().time()
    await client.run_process_with_result("wait-for-timer", {}, timeout=10_000)
    took = asyncio.get_running_loop().time() - started
    assert 0.95 <= took < 4, f"a timer of one second took {took:.2f} s"


async def cancel(client, channel):
    instance = await client.run_process("one-task", {"cancelled": True})
    await client.cancel_process_instance(instance.process_instance_key)
    await expect(errors.ProcessInstanceNotFoundError, client.cancel_process_instance(instance.process_instance_key))


async def incident(client, channel):
    """What pyzeebe does not wrap goes over its generated stub."""
    stub = GatewayStub(channel)
    instance = await client.run_process("one-task", {"incident": True})
    job = None
    async for batch in stub.ActivateJobs(ActivateJobsRequest(type="work", worker="python", timeout=60_000,
                                                             maxJobsToActivate=1, requestTimeout=5_000)):
        job = batch.jobs[0]
    check("instance", instance.process_instance_key, job.processInstanceKey)
    await stub.FailJob(FailJobRequest(jobKey=job.key, retries=0, errorMessage="broken"))
    try:
        await stub.CompleteJob(CompleteJobRequest(jobKey=job.key))
        raise AssertionError("a failed job was completed")
    except grpc.aio.AioRpcError as refused:
        check("completing a failed job", grpc.StatusCode.FAILED_PRECONDITION, refused.code())
    await stub.SetVariables(SetVariablesRequest(elementInstanceKey=instance.process_instance_key, variables='{"fixed": true}'))
    await stub.UpdateJobRetries(UpdateJobRetriesRequest(jobKey=job.key, retries=1))
    for key in range(job.key + 1, job.key + 50):
        try:
            await stub.ResolveIncident(ResolveIncidentRequest(incidentKey=key))
            break
        except grpc.aio.AioRpcError as refused:
            check("no incident with this key", grpc.StatusCode.NOT_FOUND, refused.code())
    else:
        raise AssertionError("no incident was found")
    async for batch in stub.ActivateJobs(ActivateJobsRequest(type="work", worker="python", timeout=60_000,
                                                             maxJobsToActivate=1, requestTimeout=5_000)):
        again = batch.jobs[0]
    check("the same job", job.key, again.key)
    assert '"fixed":true' in again.variables.replace(" ", ""), again.variables
    await stub.CompleteJob(CompleteJobRequest(jobKey=again.key))
    await expect(errors.ProcessInstanceNotFoundError, client.cancel_process_instance(instance.process_instance_key))


async def time_out(client, channel):
    """Work that takes longer than the caller waits: the caller hears of it, the instance goes on."""
    try:
        await client.run_process_with_result("wait-for-timer", {}, timeout=200)
    except (errors.ProcessTimeoutError, errors.ZeebeDeadlineExceeded):
        return
    raise AssertionError("expected a time-out")


async def main() -> int:
    channel = connect()
    client = ZeebeClient(channel)
    steps = {
        "topology": topology, "deploy": deploy, "unknown": unknown, "poll": lambda *it: work(*it, stream=False),
        "stream": lambda *it: work(*it, stream=True), "some variables": some_variables, "retry": retry, "error": error,
        "message": message, "timer": timer, "cancel": cancel, "incident": incident, "time-out": time_out,
    }
    failed = 0
    for name, step in steps.items():
        try:
            await within(40, name, step(client, channel))
            print(f"ok     pyzeebe {name}", flush=True)
        except Exception as difference:  # every difference is reported, then the exit code tells
            failed += 1
            print(f"FAILED pyzeebe {name}: {type(difference).__name__}: {difference}", flush=True)
    await channel.close()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
