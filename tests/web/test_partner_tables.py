"""Where there is no line to a partner: files in and out, the monthly table, and the command line that keeps partners."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from dispatch.acftu import monthly_table
from dispatch.errors import ImportRefused
from dispatch.exchange import Exchange
from dispatch.exchange_tables import WIDTHS, export_exchange, import_cases
from dispatch.models.history import Event
from dispatch.partners import partner_named
from dispatch.rules.signed_request import secret_bytes
from hotline.cli import app
from tests.partnership import Partnership
from tests.web.house import House
from tests.web.test_partner_api import tickets

HEADER = ",".join(WIDTHS)
GOOD = "A-1,370102,劳动人事/拖欠工资,投诉,一般,'=要回工资,三个月没发,赵**,T-1,某厂,,6,1860000,2026-12-02"


def test_a_file_is_taken_whole_or_not_at_all_and_goes_back_without_formulas(
    house_on_each_engine: House,
) -> None:
    house, partnership = house_on_each_engine, Partnership(house_on_each_engine)
    partnership.add("12345-jinan", code_map="12345")

    def load(*lines: str, encoding: str = "utf-8") -> tuple[int, int]:
        with house.database.writing() as session:
            partner = partner_named(session, "12345-jinan")
            codes = house.services.partners.codes(partner.code_map)
            here = Exchange(session, partner, codes, house.services.policy, house.clock())
            done = import_cases(here, "\n".join((HEADER, *lines, "")).encode(encoding))
            return done.created, done.unchanged

    bad = "A-2,370102,没有,,,x,,,,,,,,"
    with pytest.raises(ImportRefused) as refused:
        load(GOOD, bad, GOOD, "A-3,99,wage_arrears,,,x,,,,,,many,,soon")
    assert [line for line, _ in refused.value.findings] == [3, 4, 5, 5]
    assert tickets(house) == 0
    assert load(GOOD, encoding="gb18030") == (1, 0)
    assert load(GOOD) == (0, 1)
    with house.database.reading() as session:
        partner = partner_named(session, "12345-jinan")
        codes = house.services.partners.codes(partner.code_map)
        here = Exchange(session, partner, codes, house.services.policy, house.clock())
        out = "".join(export_exchange(here, since=house.clock().date()))
        month = house.clock().date().replace(day=1)
        table = monthly_table(
            session, month, template=house.services.partners.monthly, policy=house.services.policy
        )
        lines = "".join(table).lstrip("\ufeff").splitlines()
    assert "A-1,37-20261123-" in out
    assert ",offered,待受理,2026-12-02 17:30," in out
    assert lines[0].startswith("地区,受理件数,涉及人数")
    assert lines[1] == "济南市,1,6,0,0,0,0,0,18600.00,0.00,0"
    assert lines[2].startswith("合计,1,6,")


def test_partners_are_kept_from_the_command_line(tmp_path: Path) -> None:
    runner = CliRunner(env={"HOTLINE_DATA_DIR": str(tmp_path)})

    def run(*words: str, given: str | None = None) -> tuple[int, str]:
        done = runner.invoke(app, [*words], input=given)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.output

    assert run("migrate")[0] == 0
    add = ("partners", "add", "12348-x", "--name", "某地12348", "--kind", "12348")
    code, said = run(*add, "--code-map", "12348", "--speaks", "events", "--endpoint", "https://x.example/h")
    assert code == 0, said
    secret = said.split()[-1]
    assert len(secret_bytes(secret)) == 32
    assert "已有这个代码" in run(*add)[1]
    assert "没有名为nothing的对照表" in run(*add, "--code-map", "nothing")[1]
    assert secret not in run("partners", "rotate", "12348-x", "--overlap-h", "1")[1]
    assert run("partners", "rotate", "12348-x", "--outbound", "--secret-stdin", given=f"{secret}\n")[0] == 0
    assert "whsec_" in run("partners", "rotate", "12348-x", "--secret-stdin", given="short\n")[1]
    assert "密钥3个  在用" in run("partners", "list")[1]
    code, said = run("partners", "acftu", "2026-11")
    assert code == 0, said
    assert said.lstrip("\ufeff").startswith("地区,")
    assert run("partners", "disable", "nobody")[0] == 1
    assert run("partners", "disable", "12348-x")[0] == 0
    assert "密钥0个  已停用" in run("partners", "list")[1]
    assert run("audit", "verify")[0] == 0


def test_every_change_of_a_partner_is_on_record(house: House) -> None:
    Partnership(house).add("12345-jinan")
    with house.database.reading() as session:
        kinds = session.scalars(select(Event.kind).where(Event.kind.startswith("Partner"))).all()
    assert kinds == ["PartnerAdded", "PartnerSecretChanged", "PartnerSecretChanged"]
