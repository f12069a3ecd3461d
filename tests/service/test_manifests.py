"""The examples for Kubernetes fit the service."""

from pathlib import Path

import yaml

from service.settings import Settings, variable_of

SERVICE = Path(__file__).parents[2] / "service"
SETTINGS = {variable_of(name) for name in Settings.model_fields}


def variables(container) -> set[str]:
    return {each["name"] for each in container["env"] if each["name"].startswith("SEPTUM_")}


def test_each_kind_selects_the_pods_of_the_deployment_and_settings_are_settings():
    documents = {each["kind"]: each for each in yaml.safe_load_all((SERVICE / "kubernetes.yaml").read_text())}
    kinds = {"Deployment", "Service", "HorizontalPodAutoscaler", "PodDisruptionBudget", "NetworkPolicy"}
    assert set(documents) == kinds
    labels = documents["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert documents["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels
    assert documents["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"] == labels
    assert documents["Service"]["spec"]["selector"] == labels
    pod = documents["Deployment"]["spec"]["template"]["spec"]
    assert variables(pod["containers"][0]) <= SETTINGS
    assert pod["terminationGracePeriodSeconds"] > Settings().drain_s


def test_the_patch_for_gpus_changes_the_container_of_the_deployment():
    patch = yaml.safe_load((SERVICE / "kubernetes-gpu.yaml").read_text())
    (container,) = patch["spec"]["template"]["spec"]["containers"]
    assert (container["name"], container["resources"]["limits"]["nvidia.com/gpu"]) == ("septum", "1")
    assert variables(container) <= SETTINGS
