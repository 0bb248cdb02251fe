"""Settings are safe by default, and the environment can change each of them, but none that does not exist."""

from dataclasses import replace

import pytest

from router.settings import OperationLimits, RouterSettings, SettingRefused, Timeouts, with_environment


def test_the_defaults_are_the_safe_ones() -> None:
    settings = RouterSettings()

    assert settings.limits == OperationLimits(
        max_depth=15, max_aliases=30, max_root_fields=20, max_directives=50, max_tokens=5_000
    )
    assert settings.max_body_bytes == 1_048_576
    assert settings.mask_errors
    assert settings.trusted_proxies == ()
    assert not settings.allows_introspection
    assert not settings.serves_explorer
    assert settings.timeouts == Timeouts(request=30, subgraph=10, connect=2, plan=2, shutdown=30)


def test_development_turns_on_what_helps_developers() -> None:
    settings = RouterSettings(is_development=True)

    assert settings.allows_introspection
    assert settings.serves_explorer
    assert not replace(settings, introspection=False).allows_introspection


def test_the_environment_changes_settings() -> None:
    settings = with_environment(
        RouterSettings(),
        {
            "ATRIUM_ROUTER_MAX_DEPTH": "20",
            "ATRIUM_ROUTER_PLAN_SECONDS": " 1.5 ",
            "ATRIUM_ROUTER_CACHED_PLANNED": "7",
            "ATRIUM_ROUTER_SOCKET_ALLOWED_ORIGINS": "https://a.test, https://b.test",
            "ATRIUM_ROUTER_INTROSPECTION": "on",
            "ATRIUM_ROUTER_MASK_ERRORS": "NO",
            "ATRIUM_ROUTER_FORWARDED_HEADERS": "X-Tenant,",
            "ATRIUM_ROUTER_TRUSTED_PROXIES": "10.0.0.0/8, 192.0.2.1,2001:db8::/32",
            "ATRIUM_ROUTER_KEY": "somebody else's",
            "ATRIUM_ENV": "production",
        },
        others=("ATRIUM_ROUTER_KEY",),
    )

    assert settings.limits == replace(OperationLimits(), max_depth=20)
    assert settings.timeouts == replace(Timeouts(), plan=1.5)
    assert settings.caches.planned == 7
    assert settings.socket.allowed_origins == frozenset({"https://a.test", "https://b.test"})
    assert settings.allows_introspection
    assert not settings.mask_errors
    assert settings.forwarded_headers == {"x-tenant"}
    assert [str(network) for network in settings.trusted_proxies] == [
        "10.0.0.0/8",
        "192.0.2.1/32",
        "2001:db8::/32",
    ]


@pytest.mark.parametrize(
    ("variable", "text", "sentence"),
    [
        ("ATRIUM_ROUTER_MAX_DEPHT", "1", "; did you mean ATRIUM_ROUTER_MAX_DEPTH?"),
        ("ATRIUM_ROUTER_XYZZY", "1", "ATRIUM_ROUTER_XYZZY is not a setting."),
        ("ATRIUM_ROUTER_MAX_DEPTH", "0", "must be a number above 0, not '0'"),
        ("ATRIUM_ROUTER_MAX_DEPTH", "many", "must be a number above 0, not 'many'"),
        ("ATRIUM_ROUTER_PLAN_SECONDS", "inf", "must be a number of seconds above 0"),
        ("ATRIUM_ROUTER_PLAN_SECONDS", "nan", "must be a number of seconds above 0"),
        ("ATRIUM_ROUTER_TRUSTED_PROXIES", "10.0.0.1/8", "must be addresses or networks with commas"),
        ("ATRIUM_ROUTER_TRUSTED_PROXIES", "*", "must be addresses or networks with commas"),
        ("ATRIUM_ROUTER_MASK_ERRORS", "", "must be yes or no"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(variable: str, text: str, sentence: str) -> None:
    with pytest.raises(SettingRefused) as refused:
        with_environment(RouterSettings(), {variable: text})

    assert sentence in str(refused.value)


def test_the_signing_key_is_never_printed() -> None:
    assert "hunter2" not in repr(RouterSettings(signing_key="hunter2"))
