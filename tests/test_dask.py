"""An audit beyond one machine: its work handed out by Dask to processes that share nothing but the store and Graph."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from concurrent.futures import Executor

import pytest
from test_auditor import Worker, audited, elsewhere, names

from fbnb.auditor import audit
from fbnb.pytest_plugin import GraphServer

distributed = pytest.importorskip("distributed")


def cluster() -> Iterator[Executor]:
    """Two worker processes on loopback, without a dashboard, as an executor."""
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=2, processes=True, host="127.0.0.1", dashboard_address=None, silence_logs=50
        ) as workers,
        distributed.Client(workers) as client,
    ):
        yield client.get_executor()


def test_an_audit_on_a_dask_cluster_is_about_every_token_and_hands_out_none(
    graph_server: GraphServer, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, there = elsewhere(graph_server, store_url, monkeypatch, 600)
    client, calls = store.client, graph_server.sandbox.calls
    assert client
    graph_server.sandbox.change_password("Mara Quay")
    for executor in cluster():
        found = list(audit(client, store, executor=executor, quiet=True))
        assert names(found) == there
        assert {one.state for one in found} == {"dead"}
        assert graph_server.sandbox.calls == calls + 600
    store.close()


def test_what_is_handed_out_holds_no_token_no_secret_and_no_password(
    graph_server: GraphServer, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, _ = elsewhere(graph_server, store_url, monkeypatch, 60)
    worker = Worker()
    audited(store, executor=worker)
    handed = b"".join(map(pickle.dumps, worker.handed))
    assert len(worker.handed) == 2
    assert store.client
    assert store.client.settings.app_secret
    secrets = [store.get(one).value.reveal() for one in store]
    secrets += [store.client.settings.app_secret.reveal(), "for the tests alone", "EAA_SANDBOX"]
    secrets += [store_url.partition("@")[0].rpartition(":")[2]] if "@" in store_url else []
    assert [secret for secret in secrets if secret.encode() in handed] == []
    assert all(one.fingerprint.encode() in handed for one in store)
    store.close()
