"""The dashboard and the rules for alerts ask for what a service says."""

import json
import re
from pathlib import Path

import promql_parser
import pytest
import yaml
from health_feed import fed_health
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

DEPLOY = Path(__file__).parents[2] / "tools" / "deploy"
DASHBOARD = json.loads((DEPLOY / "grafana.json").read_text(encoding="utf-8"))
RULES = yaml.safe_load((DEPLOY / "alerts.yml").read_text(encoding="utf-8"))["groups"][0]["rules"]
SCRAPED = {"job", "instance"}
"""Labels that Prometheus adds."""


def panels():
    return [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


EXPRESSIONS = [target["expr"] for panel in panels() for target in panel["targets"]]
EXPRESSIONS += [rule["expr"] for rule in RULES]


@pytest.fixture(scope="module")
def said():
    """Labels by name of the sample."""
    text = generate_latest(fed_health().registry).decode()
    families = list(text_string_to_metric_families(text))
    labels = {sample.name: set(sample.labels) for f in families for sample in f.samples}
    return labels | {"up": set()}


def selectors(expression):
    """Names of metrics, with the labels that are asked for."""
    for name, matchers in re.findall(r"\b((?:streamrec|process)_\w+|up)(?:\{(.*?)\})?", expression):
        yield name, set(re.findall(r"(\w+)\s*[!=]", matchers))


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_is_promql(expression):
    promql_parser.parse(expression.replace("$__rate_interval", "1m"))


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_what_is_asked_for_is_said(expression, said):
    asked = list(selectors(expression))
    assert asked
    for name, labels in asked:
        assert name in said
        assert labels <= said[name] | SCRAPED
    grouped = set(re.findall(r"\w+", " ".join(re.findall(r"(?:by|on) \((.*?)\)", expression))))
    assert grouped <= set.union(*(said[name] for name, _ in asked)) | SCRAPED


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_rates_are_of_what_only_rises(expression):
    for name in re.findall(r"(?:rate|increase)\((\w+)", expression):
        assert name.endswith(("_total", "_sum", "_count", "_bucket"))


def test_everything_that_is_said_of_cameras_events_and_storage_is_shown_or_alerts(said):
    asked = {name for expression in EXPRESSIONS for name, _ in selectors(expression)}
    own = {name for name in said if name.startswith("streamrec_")}
    shown = {re.sub(r"_(bucket|sum|count)$", "", name) for name in asked}
    unused = {name for name in own if re.sub(r"_(bucket|sum|count)$", "", name) not in shown}
    assert unused == {"streamrec_build_info", "streamrec_camera_predictions_per_second"}


def test_panels_have_numbers_of_their_own_and_do_not_overlap():
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    taken = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert at["x"] + at["w"] <= 24 and not cells & taken
        taken |= cells


def test_the_data_source_is_a_variable_that_every_panel_uses():
    variables = {variable["name"]: variable for variable in DASHBOARD["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource"
    for panel in panels():
        assert panel["datasource"]["uid"] == "${datasource}"
    used = set(re.findall(r"\$(\w+)", " ".join(EXPRESSIONS))) - {"__rate_interval"}
    assert used <= set(variables)


def test_prometheus_reads_the_rules_and_asks_where_the_service_answers():
    config = yaml.safe_load((DEPLOY / "prometheus.yml").read_text(encoding="utf-8"))
    assert config["rule_files"] == ["alerts.yml"]
    (job,) = config["scrape_configs"]
    assert job["static_configs"][0]["targets"] == ["127.0.0.1:9464"]
    assert f'job="{job["job_name"]}"' in RULES[0]["expr"]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_says_what_is_wrong_and_how_bad_it_is(rule):
    assert rule["labels"]["severity"] in ("warning", "critical")
    assert rule["annotations"]["summary"]
