# A worker in Python:  pip install pyzeebe && python examples/worker.py
import asyncio
import os

from pyzeebe import ZeebeWorker, create_insecure_channel


async def main():
    worker = ZeebeWorker(create_insecure_channel(os.environ.get("ZEEBE_ADDRESS", "127.0.0.1:26500")))

    @worker.task(task_type="ship-goods")
    async def ship(orderId: str) -> dict:
        print(f"shipping {orderId}")
        return {"parcel": f"parcel-of-{orderId}"}

    await worker.work()


asyncio.run(main())
