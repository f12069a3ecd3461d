import pytest

from service.settings import Settings


def test_every_setting_has_a_default_and_a_variable():
    assert Settings.from_environment({}) == Settings()
    changed = Settings.from_environment(
        {"SEPTUM_MAX_PIXELS": "100", "SEPTUM_TOKEN": "t", "SEPTUM_WORK_TIMEOUT_S": "0.5"}
    )
    assert changed == Settings(max_pixels=100, token="t", work_timeout_s=0.5)


@pytest.mark.parametrize(
    ("variable", "text", "rule"),
    [
        ("SEPTUM_MAX_PIXELS", "many", "SEPTUM_MAX_PIXELS must be a number, got 'many'"),
        ("SEPTUM_LOG_FORMAT", "xml", "SEPTUM_LOG_FORMAT must be text or json, got 'xml'"),
        ("SEPTUM_QUEUE", "0", "SEPTUM_QUEUE must be > 0, got 0"),
        ("SEPTUM_WORK_TIMEOUT_S", "nan", "SEPTUM_WORK_TIMEOUT_S must be > 0, got nan"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_by_name(variable, text, rule):
    with pytest.raises(ValueError, match=rule):
        Settings.from_environment({variable: text})
