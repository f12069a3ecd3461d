"""`seg promote` and `seg serve`: light to import, so that `seg --help` stays quick."""

import argparse
import os
import socket
import subprocess
import sys
from pathlib import Path

#: Pools of memory that glibc may keep, eight per core by default: what is free in one is of no use to the threads of
#: another, and a server grows.
ARENAS = "2"


def add_promote(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register `seg promote`."""
    parser = subparsers.add_parser("promote", help="store the best model of a comparison for serving")
    parser.add_argument("folder", type=Path, metavar="DIR", help="folder of `seg compare` or `seg fit`")
    parser.add_argument("--loss", help="choose among the runs of this loss (default: the best one on validation)")
    parser.add_argument("--int8", action="store_true", help="serve it in 8-bit integers, if that costs no accuracy")
    about = "store the mean of all runs of the loss, or of the best COUNT runs on validation"
    parser.add_argument("--ensemble", type=int, nargs="?", const=0, metavar="COUNT", help=about)
    about = "store it only if it is better than the latest model on the same test images"
    parser.add_argument("--if-better", action="store_true", help=about)
    parser.set_defaults(run=_promote)


def add_models(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register `seg models`."""
    parser = subparsers.add_parser("models", help="list the stored models, the latest first")
    about = "have septum:latest stand for this model; a running service takes it at its next SIGHUP"
    parser.add_argument("--latest", metavar="TAG", help=about)
    parser.set_defaults(run=_models)


def add_serve(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register `seg serve`."""
    parser = subparsers.add_parser("serve", help="answer images with masks over HTTP")
    parser.add_argument("tag", nargs="?", default="septum:latest", metavar="TAG", help="model (default: %(default)s)")
    parser.add_argument("--host", default="127.0.0.1", help="address or name to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=3000, help="port to listen on (default: %(default)s)")
    parser.set_defaults(run=_serve)


def _promote(args: argparse.Namespace) -> None:
    from service.promote import promote  # noqa: PLC0415  # loads BentoML

    promotion = promote(args.folder, args.loss, args.int8, args.ensemble, args.if_better)
    record = promotion.record
    assert record.validation is not None
    assert record.test is not None
    metric = record.rank_by
    what = f"the mean of {'; '.join(record.members)}" if record.members else f"{record.name}, seed {record.seed}"
    print(f"promoted {promotion.tag}: {what}, from {promotion.run}")
    validation, test = record.validation.mean(metric), record.test.mean(metric)
    print(f"  {metric} {validation:.4f} on validation (chosen by), {test:.4f} on test")
    if promotion.replacement:
        caution = "; that one was trained on other data, perhaps on some of them" if promotion.of_other_data else ""
        print(f"  {promotion.replacement}{caution}")
        if scope := promotion.replacement.units.scope():
            print(f"  {scope}")
    for engine, measured in promotion.engine.items():
        facts = (f"{name} {value:.4g}" if isinstance(value, float) else str(value) for name, value in measured.items())
        print(f"  engine {engine}: {', '.join(facts)}")


def _models(args: argparse.Namespace) -> None:
    from service.models import list_models, make_latest  # noqa: PLC0415  # loads BentoML

    if args.latest:
        print(f"septum:latest is {make_latest(args.latest)}")
    for line in list_models():
        print(line)


def _serve(args: argparse.Namespace) -> None:
    address = _resolve(args.host, args.port)
    tag, engine = _stored(args.tag)
    url = f"http://[{args.host}]:{args.port}" if ":" in args.host else f"http://{args.host}:{args.port}"
    token = ' --header "Authorization: Bearer $SEPTUM_TOKEN"' if os.environ.get("SEPTUM_TOKEN") else ""
    print(f"{tag} at {url}, engine {engine}")
    print(f"  curl{token} --data-binary @image.png {url}/predict --output mask.png", flush=True)
    command = [sys.executable, "-m", "bentoml", "serve", "service.api:BoundaryService"]
    command += ["--host", address, "--port", str(args.port)]
    _become(command, serving_environment(args.tag))


def serving_environment(tag: str) -> dict[str, str]:
    """Return the environment of a server.

    Args:
        tag: of the model that it serves.
    """
    return {"MALLOC_ARENA_MAX": ARENAS} | os.environ | {"SEPTUM_MODEL": tag}


def _become(command: list[str], environment: dict[str, str]) -> None:
    """Replace this process, so that signals reach the server; Windows cannot, there it waits for the server."""
    if sys.platform == "win32":
        raise SystemExit(subprocess.call(command, env=environment))
    os.execve(command[0], command, environment)


def _resolve(host: str, port: int) -> str:
    """Return the address of a host, since BentoML takes no names; IPv4 where it has both kinds, as `localhost` does.

    Raises:
        ValueError: the port is out of range, or the host has no address.
        OSError: the address is not of this machine, or its port is in use.
    """
    if not 0 <= port <= 65_535:
        raise ValueError(f"--port must be from 0 to 65535, got {port}")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise ValueError(f"--host must be an address or a name of this machine, got {host!r}") from error
    family, *_, address = min(found, key=lambda each: each[0] != socket.AF_INET)
    try:
        socket.create_server(address[:2], family=family).close()
    except OSError as error:
        raise OSError(f"{host} port {port} is in use or not of this machine: give another --port or --host") from error
    return str(address[0])


def _stored(tag: str) -> tuple[str, str]:
    """Return the tag with its version, and the engine that runs the model."""
    import bentoml  # noqa: PLC0415  # takes a second to load

    from seg.inference.engine_choice import choose_engine  # noqa: PLC0415
    from service.settings import Settings  # noqa: PLC0415

    try:
        model = bentoml.models.get(tag)
        return str(model.tag), choose_engine(Path(model.path), Settings.from_environment().engine)
    except bentoml.exceptions.BentoMLException as error:
        stored = [str(model.tag) for model in bentoml.models.list() if model.tag.name == "septum"]
        there = f"there are {', '.join(stored)}" if stored else "there is none yet: `seg promote DIR` stores one"
        raise ValueError(f"no model {tag}: {there}") from error
