from pathlib import Path

import pytest

from service.settings import Settings, settings_table

DOCUMENT = Path(__file__).parents[2] / "docs" / "settings.md"


def test_every_setting_has_a_default_and_a_variable(monkeypatch):
    before = Settings.from_environment().model_dump()
    for name, value in {"MAX_PIXELS": "100", "TOKEN": "t", "WORK_TIMEOUT_S": "0.5"}.items():
        monkeypatch.setenv(f"SEPTUM_{name}", value)
    changed = {"max_pixels": 100, "token": "t", "work_timeout_s": 0.5}
    assert Settings.from_environment().model_dump() == before | changed


@pytest.mark.parametrize(
    ("variable", "text", "rule"),
    [
        ("SEPTUM_MAX_PIXELS", "many", "SEPTUM_MAX_PIXELS must be a number, got 'many'"),
        ("SEPTUM_LOG_FORMAT", "xml", "SEPTUM_LOG_FORMAT must be text or json, got 'xml'"),
        ("SEPTUM_QUEUE", "0", "SEPTUM_QUEUE must be > 0, got 0"),
        ("SEPTUM_QUEUE", "1.5", "SEPTUM_QUEUE must be a number, got '1.5'"),
        ("SEPTUM_WORK_TIMEOUT_S", "nan", "SEPTUM_WORK_TIMEOUT_S must be > 0, got nan"),
        ("SEPTUM_CORS_ORIGINS", "*,null", r"SEPTUM_CORS_ORIGINS must be \* alone or origins such as .*, got '\*,null'"),
        ("SEPTUM_CORS_ORIGINS", "https://a.example,null", "SEPTUM_CORS_ORIGINS must be"),
        ("SEPTUM_CORS_ORIGINS", "https://a.example/", "SEPTUM_CORS_ORIGINS must be"),
        ("SEPTUM_CORS_ORIGINS", ",", "SEPTUM_CORS_ORIGINS must be"),
        ("SEPTUM_WORK_TIMEOUT_S", "inf", "SEPTUM_WORK_TIMEOUT_S must be > 0, got inf"),
        ("SEPTUM_OTHER_MODELS", "-1", "SEPTUM_OTHER_MODELS must be greater than or equal to 0, got -1"),
        ("SEPTUM_CANARY_SHARE", "2", "SEPTUM_CANARY_SHARE must be less than or equal to 1, got 2"),
        ("SEPTUM_TRUSTED_PROXIES", "10.0.0.0/8,x", "SEPTUM_TRUSTED_PROXIES must be addresses or networks .*, got 'x'"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_by_name(monkeypatch, variable, text, rule):
    monkeypatch.setenv(variable, text)
    with pytest.raises(ValueError, match=rule):
        Settings.from_environment()


def test_a_canary_needs_a_place(monkeypatch):
    monkeypatch.setenv("SEPTUM_CANARY", "septum:two")
    monkeypatch.setenv("SEPTUM_OTHER_MODELS", "0")
    with pytest.raises(ValueError, match="SEPTUM_CANARY needs a place"):
        Settings.from_environment()


@pytest.mark.parametrize("variable", ["SEPTUM_TOKENS", "SEPTUM_", "septum_tokens", "SEPTUM_MAXPIXELS"])
def test_a_variable_that_is_no_setting_is_refused_by_name(monkeypatch, variable):
    monkeypatch.setenv(variable, "secret")
    rule = f"there is no setting {variable.upper()}: the settings are .*SEPTUM_TOKEN"
    with pytest.raises(ValueError, match=rule) as refusal:
        Settings.from_environment()
    assert "secret" not in str(refusal.value)


def test_a_port_that_a_user_asks_for_is_not_taken_for_one_of_kubernetes(monkeypatch):
    monkeypatch.setenv("SEPTUM_PORT", "8080")
    with pytest.raises(ValueError, match="there is no setting SEPTUM_PORT"):
        Settings.from_environment()


def test_variables_of_kubernetes_for_a_service_named_septum_are_no_settings(monkeypatch):
    address = "tcp://10.96.0.1:80"
    for name, value in {
        "SERVICE_HOST": "10.96.0.1",
        "SERVICE_PORT": "80",
        "SERVICE_PORT_HTTP": "80",
        "PORT": address,
        "PORT_80_TCP": address,
        "PORT_80_TCP_PROTO": "tcp",
        "PORT_80_TCP_PORT": "80",
        "PORT_80_TCP_ADDR": "10.96.0.1",
        "GPU_SERVICE_HOST": "10.96.0.2",
    }.items():
        monkeypatch.setenv(f"SEPTUM_{name}", value)
    assert Settings.from_environment() == Settings()


def test_the_documented_table_is_that_of_the_class():
    assert settings_table() in DOCUMENT.read_text(), "python -m service.settings prints the table for docs/settings.md"
