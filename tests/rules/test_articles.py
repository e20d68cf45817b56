"""Articles: what may be written, when they stop holding, what comes first; and the form of quality checks."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.load import load_policy
from dispatch.errors import ImportRefused
from dispatch.knowledge_files import parse_file
from dispatch.rules.articles import (
    Content,
    KnowledgePolicy,
    LawReference,
    Stale,
    categories_known,
    fit,
    months_between,
    regions_above,
    stale,
)
from dispatch.rules.policy import PolicyError
from dispatch.rules.score_sheets import QualityPolicy
from dispatch.rules.ticket_state import State
from tests.rules.policies import CONFIG, catalogue

KNOWN = categories_known(catalogue())
FILES = sorted((CONFIG / "knowledge").glob("*.yaml"))


def test_the_shipped_articles_can_be_read_and_say_what_they_rest_on() -> None:
    entries = [entry for path in FILES for entry in parse_file(path.read_bytes(), categories=KNOWN)]
    codes = [entry.code for entry in entries]
    assert len(codes) == len(set(codes)) >= 30
    for entry in entries:
        assert entry.reviewed_on is not None, entry.code
        assert entry.content.laws or entry.content.source, entry.code
        for law in entry.content.laws:
            assert re.fullmatch(r"第[一二三四五六七八九十百千零]+条(之[一二三])?", law.article), (
                entry.code,
                law,
            )
            assert "《" not in law.law or law.law.startswith("关于"), (entry.code, law)
    named = {code for entry in entries for code in entry.content.categories}
    # Unpaid wages, dismissal, injury, safety, women, mutual aid: each has its article.
    wanted = {"wage_arrears", "unlawful_dismissal", "injury_recognition", "hazard_report", "female_workers"}
    assert wanted | {"mutual_aid_claim"} <= named
    rights = {each.code for each in catalogue().categories.values() if each.group_code in ("01", "02")}
    assert {code for code in rights if code not in named} <= {
        *("bonus", "idle_pay", "agency_work", "special_employment", "personnel_dispute"),
        "relocation_restructuring",
    }


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("articles:\n- code: a b\n  title: x\n  body: y\n  source: z\n", 2),
        ("articles:\n- code: a\n  title: x\n  body: y\n", 2),
        ("articles:\n- code: a\n  title: x\n  body: y\n  source: z\n  categories: [nothing]\n", 2),
        ("articles:\n- code: a\n  title: x\n  body: y\n  source: z\n  region: '371'\n", 2),
        ("articles:\n- code: a\n  title: x\n  title: again\n  body: y\n  source: z\n", 2),
        ("articles:\n- code: a\n  title: x\n  body: y\n  source: z\n  valid_to: 2020-02-30\n", 2),
        ("articles:\n- &one {code: a, title: x, body: y, source: z}\n- *one\n", 3),
        (
            "articles:\n- {code: a, title: x, body: y, source: z}\n- {code: a, title: x, body: y, source: z}\n",
            3,
        ),
        ("articles: [\n", 2),
        ("other: []\n", 1),
        ("[" * 5000, 1),
        ("[" * 200_000 + "]" * 200_000, 1),
        ("articles:\n- !!python/object/apply:os.getcwd []\n", 2),
    ],
)
def test_a_bad_file_is_refused_with_its_line(text: str, line: int) -> None:
    with pytest.raises(ImportRefused) as refused:
        parse_file(text.encode(), categories=KNOWN)
    assert refused.value.findings[0][0] == line


def test_a_file_that_is_no_utf8_is_refused() -> None:
    with pytest.raises(ImportRefused):
        parse_file("articles:\n# 知识\n".encode("gb18030"), categories=KNOWN)


def article(**fields: Any) -> Content:
    return Content(**{"title": "题", "body": "文", "source": "来源", **fields})


def test_a_version_is_known_by_everything_that_it_says() -> None:
    one = article(laws=(LawReference("劳动法", "第五十条"),))
    assert one.fingerprint == article(laws=(LawReference("劳动法", "第五十条"),)).fingerprint
    others = [
        article(laws=(LawReference("劳动法", "第五十一条"),)),
        article(body="文。", laws=one.laws),
        article(valid_to=date(2027, 1, 1), laws=one.laws),
        article(region="37", laws=one.laws),
    ]
    assert one.fingerprint not in {each.fingerprint for each in others}
    assert "第五十条" in one.words()


def test_what_does_not_hold_weighs_more_than_what_nobody_has_looked_at() -> None:
    today = date(2026, 11, 25)

    def why(**dates: date | None) -> Stale | None:
        given = {"valid_from": None, "valid_to": None, "reviewed_on": today, **dates}
        return stale(today=today, months=12, **given)

    assert why() is None
    assert why(valid_to=today) is None, "the last day still holds"
    assert why(valid_to=date(2026, 11, 24), reviewed_on=None) is Stale.ENDED
    assert why(valid_from=date(2026, 11, 26)) is Stale.NOT_YET
    assert why(reviewed_on=date(2025, 11, 26)) is None
    assert why(reviewed_on=date(2025, 11, 25)) is Stale.UNREVIEWED
    assert why(reviewed_on=None) is Stale.UNREVIEWED
    assert months_between(date(2026, 1, 31), date(2026, 2, 28)) == 0


def test_the_ticket_s_category_counts_before_its_place_and_what_holds_elsewhere_comes_last() -> None:
    def rank(categories: tuple[str, ...], region: str, *, in_title: bool = False) -> tuple[int, ...]:
        return fit(
            categories=categories,
            region=region,
            category="wage_arrears",
            group="01",
            place="370102",
            in_title=in_title,
        )

    ordered = [
        rank(("wage_arrears",), "3701"),
        rank(("wage_arrears",), "37"),
        rank(("wage_arrears",), ""),
        rank(("01",), "370102"),
        rank((), ""),
        rank(("joining",), "", in_title=True),
        rank(("joining",), ""),
        rank(("wage_arrears",), "3702"),
    ]
    assert ordered == sorted(ordered, reverse=True)
    assert regions_above("370102") == ("", "37", "3701", "370102")
    assert regions_above("370102001") == ("", "37", "3701", "370102", "370102001")


def test_the_shipped_policies_can_be_read() -> None:
    assert load_policy(CONFIG / "knowledge.yaml", KnowledgePolicy.from_mapping).review_months == 12
    policy = load_policy(CONFIG / "quality.yaml", QualityPolicy.from_mapping)
    full = {item.code: item.weight for item in policy.sheet.items}
    assert policy.sheet.faults(full, {}) == {}
    assert policy.sheet.total(full, {}) == 100
    assert policy.sheet.total(full, {"leak": "说出了举报人"}) == 0


@pytest.mark.parametrize(
    "broken",
    [
        lambda data: data["sheet"]["items"][0].update(weight=11),
        lambda data: data["sheet"]["vetoes"][0].update(code="greeting"),
        lambda data: data["sample_percent"].update(void=101),
        lambda data: data["sample_percent"].update(draft=1),
        lambda data: data.update(appeal_days=0),
    ],
)
def test_a_form_that_does_not_add_up_is_refused(broken: Any) -> None:
    data = yaml.safe_load(Path(CONFIG / "quality.yaml").read_text(encoding="utf-8"))
    broken(data)
    with pytest.raises(PolicyError):
        QualityPolicy.from_mapping(data)


def test_marks_are_complete_within_their_weight_and_a_veto_needs_a_fact() -> None:
    sheet = load_policy(CONFIG / "quality.yaml", QualityPolicy.from_mapping).sheet
    full = {item.code: item.weight for item in sheet.items}
    assert set(sheet.faults({**full, "greeting": 11}, {})) == {"greeting"}
    assert set(sheet.faults({**full, "greeting": -1}, {})) == {"greeting"}
    assert set(sheet.faults({code: full[code] for code in list(full)[1:]}, {})) == {"greeting"}
    assert set(sheet.faults({**full, "other": 1}, {"unknown": "x"})) == {"other", "unknown"}
    assert set(sheet.faults(full, {"leak": " "})) == {"leak"}


def test_the_number_decides_who_is_drawn_and_not_the_draw_of_callbacks() -> None:
    policy = load_policy(CONFIG / "quality.yaml", QualityPolicy.from_mapping)
    numbers = [f"37-20261123-{each:06}-0" for each in range(4000)]
    drawn = [number for number in numbers if policy.draws(number, State.ANSWERED)]
    assert 0.07 * len(numbers) < len(drawn) < 0.13 * len(numbers)
    assert drawn == [number for number in numbers if policy.draws(number, State.ANSWERED)]
    assert not any(policy.draws(number, State.DRAFT) for number in numbers)
    more = [number for number in numbers if policy.draws(number, State.VOID)]
    assert set(drawn) < set(more)
