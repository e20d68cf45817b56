"""The synthetic call walks end to end over the real sandbox, and a deaf number alarms; neither is ever a call."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import func, select

from dispatch.database import Database
from dispatch.models.history import Notice
from dispatch.rules.policy import PolicyError
from hotline.calls.models import StatusReport
from hotline.calls.probe_models import LineProbe
from hotline.calls.probes import NOT_ANSWERED, NOT_HEARD, ProbePolicy
from hotline.calls.reconcile import reconcile
from hotline.jobs.probing import probe_numbers, settle_probes
from tests.calls.centre import Centre, open_centre

SECOND = "053100012351"
POLICY: dict[str, object] = {"enabled": True, "every_s": 300, "within_s": 40, "source": "test"}


@pytest.fixture
def centre(database: Database, tmp_path: Path) -> Iterator[Centre]:
    """Return one on both engines: the claims and locks of two clocks differ in their SQL."""
    with open_centre(database, tmp_path, numbers=("12351", SECOND)) as opened:
        yield opened


def prove(centre: Centre) -> list[str]:
    """Let one interval's synthetic calls run their course; return the numbers that are deaf."""
    assert probe_numbers(centre.services) == 2
    assert probe_numbers(centre.services) == 0, "another clock dials the same interval again"
    centre.line.settle()
    centre.line.wait(35)
    centre.pass_time(41)
    deaf = settle_probes(centre.services)
    centre.pass_time(259)
    return deaf


def health(centre: Centre) -> dict[str, str]:
    answer = centre.browser("supervisor").get("/api/line-health")
    assert answer.status_code == 200, answer.text
    return {each["number"]: each["state"] for each in answer.json()["numbers"]}


def alarms(centre: Centre) -> list[str]:
    with centre.services.database.reading() as session:
        query = select(Notice.text).where(Notice.role == "supervisor").order_by(Notice.id)
        return [text for text in session.scalars(query) if "自检呼叫" in text]


def metric(centre: Centre, name: str, **labels: str) -> float:
    exposition = centre.browser("supervisor").get("/metrics").text
    return next(
        sample.value
        for family in text_string_to_metric_families(exposition)
        for sample in family.samples
        if sample.name == name and sample.labels == labels
    )


def test_each_number_is_proven_end_to_end_and_no_statistic_knows_of_it(centre: Centre) -> None:
    assert health(centre) == {"12351": "unproven", SECOND: "unproven"}
    off = replace(centre.services, probe=ProbePolicy.from_mapping(POLICY | {"enabled": False}))
    assert probe_numbers(off) == 0

    assert prove(centre) == []
    reconcile(centre.services)

    assert health(centre) == {"12351": "proven", SECOND: "proven"}
    assert metric(centre, "hotline_number_proven", number=SECOND) == 1
    assert centre.calls() == []
    with centre.services.database.reading() as session:
        probes = session.scalars(select(LineProbe)).all()
        assert all(each.in_sid and each.out_sid and each.heard_at and not each.failed_at for each in probes)
        assert session.scalar(select(func.count()).select_from(StatusReport)) == 0
    assert alarms(centre) == []
    exchange = centre.programme.exchange
    assert exchange is not None
    assert [each.status for each in exchange.legs.values()] == ["completed"] * 4
    assert list(exchange.warnings) == []

    # Whoever shows our own number while no synthetic call is under way is a caller like any other.
    centre.phone("12351").dial().hears("12351").hangs_up()
    assert [each.conversation_state for each in centre.calls()] == ["ended"]


def test_a_number_that_leads_elsewhere_alarms_once_until_it_is_mended(centre: Centre) -> None:
    exchange = centre.programme.exchange
    assert exchange is not None
    ours = exchange.numbers[SECOND]
    exchange.numbers[SECOND] = replace(ours, voice_url="http://elsewhere.test/voice", fallback_url="")
    assert prove(centre) == [SECOND]
    assert prove(centre) == [SECOND]
    assert health(centre) == {"12351": "proven", SECOND: "deaf"}
    assert metric(centre, "hotline_self_audit", kind="deaf_number") == 1
    assert [SECOND in text for text in alarms(centre)] == [True]

    exchange.numbers[SECOND] = ours
    assert prove(centre) == []
    assert health(centre)[SECOND] == "proven"
    assert metric(centre, "hotline_self_audit", kind="deaf_number") == 0
    with centre.services.database.reading() as session:
        reasons = set(session.scalars(select(LineProbe.reason).where(LineProbe.failed_at.is_not(None))))
    assert reasons <= {NOT_ANSWERED, NOT_HEARD}
    assert reasons


def test_the_times_of_synthetic_calls_that_cannot_be_are_refused() -> None:
    assert ProbePolicy.from_mapping(POLICY).enabled
    with pytest.raises(PolicyError):
        ProbePolicy.from_mapping(POLICY | {"within_s": 300})
