"""Audit: every stored token asked about, fifty to a request and several requests at a time, and what to do about each."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from itertools import chain, islice
from typing import Never

from tqdm.auto import tqdm

from fbnb.client import GraphClient
from fbnb.errand import Errand, Report, check
from fbnb.errors import InputError, SettingError
from fbnb.pace import Pace
from fbnb.store import StoredToken, TokenStore
from fbnb.store.runs import Run, begin, count, end, fingerprints
from fbnb.store.succession import give_way
from fbnb.verdicts import Verdict, verdict

AT_ONCE = 8


def audit(
    client: GraphClient,
    store: TokenStore,
    *,
    executor: Executor | None = None,
    at_once: int = AT_ONCE,
    fresh: bool = False,
    quiet: bool = False,
) -> Generator[Verdict]:
    """Ask debug_token about every stored token of the client's app; yields a verdict about each as it comes.

    What is found is stored at once, so an audit that was broken off goes on where it stopped when it is called again within
    six hours; fresh: begin anew all the same. It goes slower before the app's limit is reached, and waits when it has been.
    executor: by default threads of its own; any other is handed the fingerprints of tokens, never tokens, so it may be
    another machine's, such as dask.distributed's `Client.get_executor()`, as long as it reaches the store and Graph. at_once:
    how many requests under way. quiet: no progress bar; there is none either in the first two seconds.

    Raises SettingError: no app secret. InputError: at_once is no number, or 0. And as it goes GraphError: Graph refuses the app
    itself, or takes no more calls. StoreError: the store. None of those loses what was found.
    """
    if not isinstance(at_once, int) or at_once < 1:
        raise InputError("An audit has a request or more under way at a time.", remedy="Such as audit(client, store, at_once=8).")
    if client.settings.app_secret is None:
        raise SettingError("An audit needs the app's secret.", remedy="Set FBNB_APP_SECRET.")
    store.keep_secret(client.settings.app_id, client.settings.app_secret)
    run = begin(store, client.settings.app_id, client.now(), fresh=fresh)
    return _audit(client, store, run, executor, at_once, quiet)


def _audit(
    client: GraphClient, store: TokenStore, run: Run, executor: Executor | None, at_once: int, quiet: bool
) -> Generator[Verdict]:
    bar = tqdm(total=count(store, run), desc="Audit", unit="token", delay=2, leave=False, disable=quiet)
    with bar, _workers(executor, at_once) as workers:
        for one in _Auditor(client, store, run, workers, at_once, bar).verdicts():
            bar.update()
            yield one
    end(store, run, client.now())


@contextmanager
def _workers(executor: Executor | None, at_once: int) -> Iterator[Executor]:
    if executor:
        yield executor
        return
    pool = ThreadPoolExecutor(at_once, thread_name_prefix="fbnb audit")
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)  # what is under way is still stored


class _Auditor:
    """Hands work out and takes reports in, at a pace that the app's limit allows."""

    def __init__(
        self, client: GraphClient, store: TokenStore, run: Run, workers: Executor, at_once: int, bar: tqdm[Never]
    ) -> None:
        self.client, self.store, self.run, self.workers, self.at_once = client, store, run, workers, at_once
        self.pace, self.bar, self.waiting = Pace(), bar, set[Future[Report]]()
        self.todo, self.refused, self.alone = fingerprints(store, run), deque[str](), True
        self.doubted = set[str]()

    def verdicts(self) -> Iterator[Verdict]:
        """A verdict about every token that is left, as the reports come in."""
        try:
            while self._hand_out():
                done, self.waiting = wait(self.waiting, return_when=FIRST_COMPLETED)
                for future in done:
                    yield from self._take_in(future.result())
        finally:
            for future in self.waiting:
                future.cancel()

    def _hand_out(self) -> bool:
        """Keep the workers busy; returns whether there is anything to wait for."""
        while len(self.waiting) < self.pace.most(2 * self.at_once):
            if not (some := self._next(self.pace.size)):
                break
            if self.pace.full:
                self._pause()
            shown = not self.pace.heard
            errand = Errand(self.client, self.store.place, self.run, tuple(some), shown, self.store)
            self.alone = not self.waiting
            self.waiting.add(self.workers.submit(check, errand))
        return bool(self.waiting)

    def _next(self, size: int) -> list[str]:
        return list(islice(chain(_taken(self.refused), self.todo), size))

    def _pause(self) -> None:
        seconds = self.pace.pause()
        if not self.bar.disable:  # the bar itself may not have begun
            self.bar.write(f"The app's limit is reached: waiting {seconds:.0f} s.", file=sys.stderr)
        self.client.clock.sleep(seconds)

    def _take_in(self, report: Report) -> Iterator[Verdict]:
        if report.calls:  # in a run that is shared, the other may have made them
            alone = self.alone and not self.waiting
            self.pace.hear(report.usage, report.calls, refused=bool(report.limited), alone=alone)
        self.refused += report.limited
        self.doubted.update(report.doubts)
        found = [self._verdict(stored, report) for stored in report.found]
        ended = [told.token for told in found if told.state in {"expired", "dead"}]
        gone = give_way(self.store, ended, self.client.now(), self.doubted)
        yield from (told for told in found if told.token.fingerprint not in gone)

    def _verdict(self, stored: StoredToken, report: Report) -> Verdict:
        doubt, known = report.doubts.get(stored.fingerprint), verdict(stored, self.client.now())
        # Of one that has ended already, an answer that does not come is no news.
        return doubt.verdict(stored) if doubt and known.state == "live" else known


def _taken(those: deque[str]) -> Iterator[str]:
    while those:
        yield those.popleft()
