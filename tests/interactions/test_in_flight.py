"""A stopping process lets running commands finish, but not for ever."""

import asyncio

from bot.interactions.in_flight import InFlight


async def counted(in_flight: InFlight, until: asyncio.Event) -> str:
    in_flight.add_current()
    await until.wait()
    return "done"


async def begin(in_flight: InFlight, until: asyncio.Event) -> asyncio.Task[str]:
    task = asyncio.create_task(counted(in_flight, until))
    await asyncio.sleep(0)
    return task


async def test_a_counted_task_is_in_flight() -> None:
    in_flight, until = InFlight(2.5), asyncio.Event()
    task = await begin(in_flight, until)
    assert len(in_flight) == 1
    until.set()
    await task


async def test_a_task_that_ended_is_no_longer_in_flight() -> None:
    in_flight, until = InFlight(2.5), asyncio.Event()
    task = await begin(in_flight, until)
    until.set()
    await task
    await asyncio.sleep(0)
    assert len(in_flight) == 0


async def test_a_task_that_failed_is_no_longer_in_flight() -> None:
    in_flight = InFlight(2.5)

    async def fail() -> None:
        in_flight.add_current()
        raise ValueError

    await asyncio.gather(asyncio.create_task(fail()), return_exceptions=True)
    await asyncio.sleep(0)
    assert len(in_flight) == 0


async def test_a_task_counted_twice_is_one_in_flight() -> None:
    in_flight, until = InFlight(2.5), asyncio.Event()

    async def twice() -> None:
        in_flight.add_current()
        in_flight.add_current()
        await until.wait()

    task = asyncio.create_task(twice())
    await asyncio.sleep(0)
    assert len(in_flight) == 1
    until.set()
    await task


async def test_new_work_may_begin_until_it_is_finishing() -> None:
    assert not InFlight(2.5).closing


async def test_finishing_with_nothing_in_flight_leaves_nothing_running() -> None:
    assert await InFlight(2.5).finish(0) == 0


async def test_finishing_closes_even_with_nothing_in_flight() -> None:
    in_flight = InFlight(2.5)
    await in_flight.finish(0)
    assert in_flight.closing


async def test_finishing_closes_before_it_waits() -> None:
    in_flight, until = InFlight(2.5), asyncio.Event()
    await begin(in_flight, until)
    finishing = asyncio.create_task(in_flight.finish(60))
    await asyncio.sleep(0)
    assert in_flight.closing
    until.set()
    await finishing


async def test_finishing_waits_for_what_is_in_flight() -> None:
    in_flight, until = InFlight(2.5), asyncio.Event()
    tasks = [await begin(in_flight, until) for _ in range(3)]
    finishing = asyncio.create_task(in_flight.finish(60))
    await asyncio.sleep(0)
    assert not finishing.done()
    until.set()
    assert await finishing == 0
    assert [task.result() for task in tasks] == ["done"] * 3


async def test_finishing_counts_what_did_not_end_in_time() -> None:
    in_flight = InFlight(2.5)
    for _ in range(2):
        await begin(in_flight, asyncio.Event())
    assert await in_flight.finish(0) == 2


async def test_what_did_not_end_in_time_is_cancelled() -> None:
    in_flight = InFlight(2.5)
    task = await begin(in_flight, asyncio.Event())
    await in_flight.finish(0)
    assert task.cancelled()


async def test_finishing_waits_for_a_cancelled_tasks_last_steps() -> None:
    in_flight, steps = InFlight(2.5), list[str]()

    async def tidy() -> None:
        in_flight.add_current()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            steps.append("tidied")

    task = asyncio.create_task(tidy())
    await asyncio.sleep(0)
    await in_flight.finish(0)
    assert steps == ["tidied"]
    assert task.done()


async def test_a_task_that_fails_while_finishing_does_not_stop_the_finish() -> None:
    in_flight, until = InFlight(2.5), asyncio.Event()

    async def fail() -> None:
        in_flight.add_current()
        await until.wait()
        raise ValueError

    task = asyncio.create_task(fail())
    await asyncio.sleep(0)
    finishing = asyncio.create_task(in_flight.finish(60))
    until.set()
    assert await finishing == 0
    assert isinstance(task.exception(), ValueError)


async def test_a_task_that_fails_when_cancelled_does_not_stop_the_finish() -> None:
    in_flight = InFlight(2.5)

    async def fail() -> None:
        in_flight.add_current()
        try:
            await asyncio.Event().wait()
        finally:
            raise ValueError

    task = asyncio.create_task(fail())
    await asyncio.sleep(0)
    assert await in_flight.finish(0) == 1
    assert isinstance(task.exception(), ValueError)


async def test_nothing_is_in_flight_after_the_finish() -> None:
    in_flight = InFlight(2.5)
    await begin(in_flight, asyncio.Event())
    await in_flight.finish(0)
    assert len(in_flight) == 0
