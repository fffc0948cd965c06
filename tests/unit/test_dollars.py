"""What docs/costs.md says of dollars by users is what benchmarks/dollars.py works out, from the prices it names."""

import re

import pytest

from benchmarks import dollars, prices
from benchmarks.blocks import shown
from benchmarks.dollars import AUTHORIZATION, FULL_CPU_MB, LOGIN, LOGOUT, MARK, MODES, PAGE, REFRESH, Measured

TEXT = PAGE.read_text()
ROW = r"^\| {} \| (\d+) \| (\d+) \|"


def measured(warm_ms: float = 1.0, cold_ms: float = 100.0) -> Measured:
    authorizers = list(map(dollars.authorizer, MODES))
    warm, cold = {"cpu_min_ms": warm_ms}, {"cpu_min_ms": cold_ms}
    return Measured(
        {
            "warm": dict.fromkeys(authorizers, warm),
            "work": dict.fromkeys(["login", "refresh, rotated"], warm),
            "cold": dict.fromkeys(["login", "refresh", "logout", *authorizers], cold),
        }
    )


def test_the_page_shows_what_the_results_and_the_prices_make() -> None:
    """If this fails, `python -m benchmarks.dollars --write` puts the page right."""
    assert shown(TEXT, MARK) == dollars.page(dollars.from_results())


@pytest.mark.parametrize(
    ("row", "operation"),
    [
        ("login", LOGIN),
        ("refresh, `rotated`", REFRESH),
        ("logout", LOGOUT),
        ("authorization, `strict`", dollars.STRICT_AUTHORIZATION),
    ],
)
def test_the_units_are_those_that_are_counted(row: str, operation: dollars.Operation) -> None:
    """tests/contract/test_costs.py counts the page's."""
    assert re.findall(ROW.format(re.escape(row)), TEXT, re.MULTILINE) == [
        (f"{operation.read:.0f}", f"{operation.written:.0f}")
    ]


@pytest.mark.parametrize(
    ("row", "price"),
    [
        ("API Gateway, HTTP API", prices.GATEWAY_CALLS),
        ("Lambda, a call", prices.LAMBDA_CALLS),
        ("X-Ray, one in twenty is traced", prices.TRACES * prices.TRACED),
        ("logs, about 1 KB at $0.50 a GB", dollars.LOG_KB * prices.LOGS_GB),
        ("answers with tokens, about 2 KB at $0.09 a GB", dollars.ANSWER_KB * prices.TRANSFER_GB),
    ],
)
def test_the_page_knows_no_other_prices(row: str, price: float) -> None:
    assert f"| {row} | ${price:.2f} |" in TEXT


def test_an_idle_stack_is_counted_at_what_the_page_adds_up() -> None:
    assert f"| **together** | **${dollars.IDLE}** |" in TEXT


def test_cognito_and_supabase_cost_their_price_lists_say_of_a_million_users() -> None:
    assert [round(dollars.of_cognito(plan, 1_000_000)) for plan in prices.COGNITO] == [4635, 14850, 20000]
    assert dollars.of_supabase(1_000_000) == pytest.approx(2950)


def test_a_request_is_billed_in_whole_milliseconds_and_its_share_of_a_start() -> None:
    billed = dollars.billed_ms(measured(warm_ms=1.2, cold_ms=500), "login", LOGIN, FULL_CPU_MB)

    assert billed == 26 + 0.5  # six calls of 4 ms


def test_half_the_memory_makes_cpu_take_twice_as_long_and_waiting_no_longer() -> None:
    whole, half = (dollars.billed_ms(measured(4, 0), "refresh", REFRESH, mb) for mb in (FULL_CPU_MB, FULL_CPU_MB / 2))

    assert (whole, half) == (4 + 8, 8 + 8)


def test_strict_reads_more_and_stateless_reads_nothing_but_keys() -> None:
    strict, bounded, stateless = (
        dollars.background_units_per_second(mode, 10, 1) for mode in ("strict", "bounded", "stateless")
    )

    assert strict == stateless == pytest.approx(10 / 60)
    assert bounded == pytest.approx(10 / 60 + 10 * 3 / 5)  # 95 revocations of 105 bytes are three units
    assert dollars.in_dynamodb(AUTHORIZATION) == 0 < dollars.in_dynamodb(dollars.STRICT_AUTHORIZATION)
