"""The number that was called: its centre, the region it stands for, its menu and its line; in both carriers' shapes."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from config.load import ConfigError
from config.settings import Settings
from hotline.calls.called_numbers import CalledNumbers
from hotline.calls.models import Call
from hotline.wiring import check_called_numbers
from tests.calls.centre import Centre
from tests.calls.talks import sqlite_centre
from tests.calls.test_callers import post

NUMBERS = """default: province
numbers:
  - {code: province, label: 省总工会, called: ["12351", "+12025550123"], source: test}
  - {code: jinan, label: 济南市总工会, called: ["0531-12351", "0531-88880000"], region: "370102", source: test}
  - {code: claims, label: 医疗互助, called: ["96351", "sip:claims@anywhere"], line: mutual_aid, source: test}
  - {code: quiet, label: 夜间, called: ["+86 535 12351"], region: "3706", flow: night, source: test}
"""
OURS = ("12351", "0531-12351", "sip:claims@12351.example", "0535-12351")


def read(folder: Path, text: str) -> None:
    """Check a file as `hotline check` does."""
    (folder / "called_numbers.yaml").write_text(text, encoding="utf-8")
    settings = Settings(data_dir=folder, config_dir=folder)
    check_called_numbers(settings, ("day", "night", "full"))


@pytest.mark.parametrize(
    ("called", "code", "region"),
    [
        ("12351", "province", None),
        ("+8612351", "province", None),
        ("１２３５１", "province", None),
        ("0531-12351", "jinan", "370102"),
        ("+8653112351", "jinan", "370102"),
        ("(0531) 12351", "jinan", "370102"),
        ("+8653188880000", "jinan", "370102"),
        # Listed nowhere: the area code before our number says where, a capital's its whole province.
        ("053212351", "province", "3702"),
        ("0571-12351", "province", "33"),
        ("010-12351", "province", "11"),
        # The carrier's own shapes.
        ("+12025550123", "province", None),
        ("sip:12351@centre.sip.example;transport=udp", "province", None),
        ("<sips:%2B8653112351@10.0.0.8:5061>", "jinan", "370102"),
        ("sip:CLAIMS@centre.sip.example", "claims", None),
        ("sip:nobody@centre.sip.example", "province", None),
        ("96351", "claims", None),
        ("0535-12351", "quiet", "3706"),
        # Whatever comes has an answer.
        ("", "province", None),
        ("anonymous", "province", None),
        ("sip:@", "province", None),
        ("\u202e\x00 ☎" * 200, "province", None),
    ],
)
def test_each_way_of_writing_a_called_number_leads_to_its_entry(
    called: str, code: str, region: str | None
) -> None:
    numbers = CalledNumbers.from_mapping(yaml.safe_load(NUMBERS))
    found = numbers.route(called)
    assert (found.entry.code, found.region) == (code, region)


def test_the_checker_names_the_line_of_what_is_ambiguous_or_unknown(tmp_path: Path) -> None:
    read(tmp_path, NUMBERS)
    one = '  - {{code: more, label: 其他, called: ["{}"], {}source: test}}\n'
    bad = {
        ("+8653112351", ""): "已经属于“jinan”",
        ("sip:12351@elsewhere.example", ""): "已经属于“province”",
        ("twelve", ""): "不是电话号码",
        ("12345", "line: nowhere, "): "没有“nowhere”这条线路",
        ("12345", "line: care, "): "心理关怀线路只能由语音流程进入",
        ("12345", "flow: noon, "): "没有“noon”这个语音流程",
        ("12345", "flow: full, "): "没有“full”这个语音流程",
        ("12345", 'region: "379999", '): "没有行政区划“379999”",
        ("12345", 'region: "37a", '): "不是行政区划代码",
        ("12345", "lines: general, "): "没有“lines”这个项目",
    }
    for (number, more), reason in bad.items():
        with pytest.raises(ConfigError, match=reason) as caught:
            read(tmp_path, NUMBERS + one.format(number, more))
        assert caught.value.line == 7, reason
    with pytest.raises(ConfigError, match="没有“nowhere”这一项") as caught:
        read(tmp_path, NUMBERS.replace("default: province", "default: nowhere"))
    assert caught.value.line == 1
    with pytest.raises(ConfigError, match="“jinan”写了两次"):
        read(tmp_path, NUMBERS.replace("code: claims", "code: jinan"))


def told(centre: Centre, call: Call) -> tuple[str | None, str | None, str | None]:
    """Return what the operator's screen says of the number that was called and the place, and the draft's region."""
    browser = centre.browser("operator")
    pop = browser.get(f"/api/calls/{call.sid}").json()
    ticket = browser.post(f"/api/calls/{call.sid}/ticket").json()
    return pop["called_label"], pop["region"], ticket["region_code"]


def test_callers_of_each_number_reach_its_menu_and_line_and_bring_its_region(tmp_path: Path) -> None:
    (tmp_path / "called_numbers.yaml").write_text(NUMBERS, encoding="utf-8")
    with sqlite_centre(tmp_path, config_dir=tmp_path, numbers=OURS) as centre:
        centre.seat("supervisor")
        # The sandbox's shape: what was dialled. A mobile says nothing of its place; the number that was called does.
        centre.phone("+8613800000001").dial("0531-12351").hears("按9").presses("0").hears(
            "正在为您转接"
        ).hangs_up()
        # Somebody who withholds the number, and a fixed line from another city: its own place counts.
        centre.phone("anonymous").dial("0531-12351").hears("按9").hangs_up()
        centre.phone("+8653288880001").dial("0531-12351").hears("按9").hangs_up()
        # A short code of mutual aid: whoever asks for a person stands in its line. Night's menu by day.
        centre.phone("+8613800000002").dial(OURS[2]).hears("按9").presses("0").hears(
            "正在为您转接"
        ).hangs_up()
        centre.phone("+8613800000003").dial("0535-12351").hears("请按2留言").hangs_up()
        # Twilio's shapes, signed: a rented number, a SIP domain, and the digits that spell ANONYMOUS.
        shapes = [
            {"From": "+266696687", "To": "+12025550123", "Called": "+12025550123", "FromCity": ""},
            {"From": "sip:1001@pbx.example", "To": "sip:+8653112351@ours.sip.twilio.com;transport=tls"},
        ]
        for number, shape in enumerate(shapes):
            form = {
                "CallSid": f"CA{number:032d}",
                "CallStatus": "ringing",
                "ApiVersion": "2010-04-01",
                **shape,
            }
            assert "12351工会服务职工热线" in post(centre, "/voice/incoming", form).text
        centre.line.settle()
        calls = centre.calls()
        assert [(call.called, call.called_region) for call in calls] == [
            *[("jinan", "370102")] * 3,
            ("claims", None),
            ("quiet", "3706"),
            ("province", None),
            ("jinan", "370102"),
        ]
        assert [call.line for call in calls[:4]] == ["general", None, None, "mutual_aid"]
        assert [call.flow for call in calls] == ["day", "day", "day", "day", "night", "day", "day"]
        jinan = "山东省济南市历下区（按拨打号码）"
        assert told(centre, calls[0]) == ("济南市总工会", jinan, "370102")
        assert told(centre, calls[1]) == ("济南市总工会", jinan, "370102")
        assert told(centre, calls[2]) == ("济南市总工会", "山东省青岛市", None)
        assert told(centre, calls[4]) == ("夜间", "山东省烟台市（按拨打号码）", "3706")
        assert told(centre, calls[6]) == ("济南市总工会", jinan, "370102")
