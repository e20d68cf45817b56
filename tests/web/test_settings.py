"""The environment is read with types, and nonsense is refused with a reason."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from config.load import ConfigError
from config.settings import SHIPPED_CONFIG, Settings
from hotline.wiring import flows_of


def test_without_any_variable_it_is_sqlite_and_the_sandbox_on_12351(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOTLINE_DATABASE_URL", raising=False)
    settings = Settings()
    assert settings.on_sqlite
    assert settings.carrier == "sandbox"
    assert settings.effective_public_url == "http://127.0.0.1:12351"


def test_the_environment_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOTLINE_DATABASE_URL", "postgresql+psycopg://db/hotline")
    monkeypatch.setenv("HOTLINE_PUBLIC_URL", "https://12351.example.cn/")
    monkeypatch.setenv("HOTLINE_NUMBERS", "12351, 053112351")
    monkeypatch.setenv("HOTLINE_DATA_DIR", str(tmp_path))
    settings = Settings()
    assert not settings.on_sqlite
    assert settings.effective_public_url == "https://12351.example.cn"
    assert settings.numbers == ("12351", "053112351")


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("PUBLIC_URL", "12351.example.cn", "absolute"),
        ("PUBLIC_URL", "https://user:pass@12351.example.cn", "credentials"),
        ("TWILIO_API_BASE", "ftp://carrier", "absolute"),
        ("SECRET_KEY", "short", "32 characters"),
        ("NUMBERS", " , ", "at least one"),
        ("PORT", "70000", "65535"),
        ("CARRIER", "pigeon", "sandbox"),
        ("PROVINCE", "3701", "pattern"),
    ],
)
def test_nonsense_is_refused_with_a_reason(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, reason: str
) -> None:
    monkeypatch.setenv(f"HOTLINE_{name}", value)
    with pytest.raises(ValidationError, match=reason):
        Settings()


def test_secrets_do_not_show_in_a_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTLINE_SECRET_KEY", "s" * 40)
    monkeypatch.setenv("HOTLINE_TWILIO_AUTH_TOKEN", "t" * 32)
    shown = repr(Settings())
    assert "s" * 40 not in shown
    assert "t" * 32 not in shown


def test_a_feature_that_no_menu_knows_and_a_reading_that_nobody_wrote_stop_the_start(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, config_dir=tmp_path)
    shipped = (SHIPPED_CONFIG / "service.yaml").read_text(encoding="utf-8")
    (tmp_path / "service.yaml").write_text(shipped.replace("features: []", "features: [dialects]"), "utf-8")
    with pytest.raises(ConfigError, match="dialects"):
        flows_of(settings)
    (tmp_path / "service.yaml").write_text(shipped.replace("features: []", "features: [dialect]"), "utf-8")
    assert "dialect" in flows_of(settings)["day"].nodes
    readings = (SHIPPED_CONFIG / "readings.yaml").read_text(encoding="utf-8")
    (tmp_path / "readings.yaml").write_text(readings.replace("materials.death", "materials.loss"), "utf-8")
    with pytest.raises(ConfigError, match=r"materials\.death"):
        flows_of(settings)
