"""How the number of tokens tells on the clock, and on blast_radius: ratios of 10,000 tokens to 10, side by side in one run.

usage: clock.py
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from statistics import median
from time import perf_counter

from fbnb.flows.login import log_in
from fbnb.flows.long_lived import extend_user_token
from fbnb.kit import sandbox_client
from fbnb.sandbox import Sandbox

FEW, MANY, REPEATS = 10, 10_000, 25


def crowded(tokens: int) -> Sandbox:
    """A sandbox that has handed out so many tokens, with an event due on each day."""
    sandbox = Sandbox()
    client = sandbox_client(sandbox)
    record = sandbox.world.tokens[extend_user_token(client, log_in(client)).value.reveal()]
    for number in range(tokens - len(sandbox.world.tokens)):
        kind, app, person, end = record.kind, record.app, record.person, record.expires_at
        sandbox.world.issue(kind, app, name=f"{number}", person=person, expires_at=end, call="benchmark")
    sandbox.schedule(sandbox.event.log_out("Ben Tide"), days=1, every=timedelta(days=1))
    return sandbox


def ninety_days(sandbox: Sandbox) -> None:
    sandbox.clock.advance(days=90)
    assert sandbox.happened


def radius(sandbox: Sandbox) -> None:
    assert sandbox.blast_radius(sandbox.event.change_password("Mara Quay"))


def seconds(act: Callable[[Sandbox], None], sandbox: Sandbox) -> float:
    before, start = sandbox.checkpoint(), perf_counter()
    act(sandbox)
    took = perf_counter() - start
    sandbox.rewind(before)
    return took


def main() -> None:
    few, many = crowded(FEW), crowded(MANY)
    for what, act in (("90 days, with an event on each", ninety_days), ("blast_radius, which looks at each token", radius)):
        ratios = sorted(seconds(act, many) / seconds(act, few) for _ in range(REPEATS))
        low, high = ratios[REPEATS // 10], ratios[-1 - REPEATS // 10]
        print(f"{what}: {MANY:,} tokens take {median(ratios):.2f} times as long as {FEW} (mostly {low:.2f} to {high:.2f})")


if __name__ == "__main__":
    main()
