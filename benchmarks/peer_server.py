"""A service as a tutorial of FastAPI or LitServe would write it, for `benchmarks.endpoint`; PNG in, PNG mask out.

python -m benchmarks.peer_server fastapi eager ARTIFACT 3001
"""

import argparse
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from benchmarks.peers import INSTALL
from seg.inference.artifact_info import ArtifactInfo
from seg.inference.engine_choice import load_network
from seg.inference.predictor import Predictor

Answer = Callable[[bytes], bytes]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("framework", choices=["fastapi", "litserve"])
    parser.add_argument("engine", choices=["eager", "ours"], help="PyTorch as it is, or the engine that we serve")
    parser.add_argument("artifact", type=Path)
    parser.add_argument("port", type=int)
    args = parser.parse_args()
    serve = {"fastapi": serve_fastapi, "litserve": serve_litserve}[args.framework]
    try:
        serve(_ours if args.engine == "ours" else _eager, args.artifact, args.port)
    except ModuleNotFoundError as error:
        raise SystemExit(f"the benchmark needs {error.name}: {INSTALL}") from error


def serve_fastapi(make: Callable[[Path], Answer], artifact: Path, port: int) -> None:
    import uvicorn  # noqa: PLC0415
    from fastapi import FastAPI, Request, Response  # noqa: PLC0415
    from fastapi.concurrency import run_in_threadpool  # noqa: PLC0415

    app, answer = FastAPI(), make(artifact)

    @app.get("/readyz")
    def ready() -> None: ...

    @app.post("/predict")
    async def predict(request: Request) -> Response:
        return Response(await run_in_threadpool(answer, await request.body()), media_type="image/png")

    uvicorn.run(app, port=port, log_level="warning")


def serve_litserve(make: Callable[[Path], Answer], artifact: Path, port: int) -> None:
    import litserve  # noqa: PLC0415

    from benchmarks.litserve_api import Api  # noqa: PLC0415

    server = litserve.LitServer(Api(make, artifact), accelerator="cpu", healthcheck_path="/readyz", timeout=60)
    server.run(host="127.0.0.1", port=port, log_level="warning", generate_client_file=False)


def _eager(artifact: Path) -> Answer:
    info = ArtifactInfo.load(artifact)
    network = load_network(artifact, info.network)

    def answer(data: bytes) -> bytes:
        image = torch.from_numpy(np.asarray(Image.open(io.BytesIO(data)), np.float32) / 127.5 - 1)
        with torch.inference_mode():
            probability = network(image[None, None])[0, 0].sigmoid().numpy()
        return _png(probability >= info.threshold)

    return answer


def _ours(artifact: Path) -> Answer:
    predictor = Predictor.load(artifact)
    return lambda data: _png(predictor.probability(np.asarray(Image.open(io.BytesIO(data)))) >= predictor.threshold)


def _png(mask: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(mask.astype(np.uint8) * 255).save(stream, "PNG")
    return stream.getvalue()


if __name__ == "__main__":
    main()
