"""A server with the REST API of TensorFlow Serving over SavedModels in this process.

It answers status, metadata and predict, in rows and in columns, and errors, as the real one does
(https://www.tensorflow.org/tfx/serving/api_rest). It has no gRPC, no classify, no batching; one version a model.
"""

import base64
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

_SIGNATURE = "serving_default"


@dataclass(frozen=True, slots=True)
class _Served:
    """A loaded model: `model` is kept because it owns the signature's variables."""

    name: str
    version: str
    model: Any
    signature: Any

    def described(self) -> dict[str, Any]:
        def tensors(found: Mapping[str, Any]) -> dict[str, Any]:
            return {name: {"dtype": spec.dtype.name, "name": spec.name} for name, spec in found.items()}

        inputs = self.signature.structured_input_signature[1]
        described = {"inputs": tensors(inputs), "outputs": tensors(self.signature.structured_outputs)}
        return {
            "model_spec": {"name": self.name, "signature_name": "", "version": self.version},
            "metadata": {"signature_def": {"signature_def": {_SIGNATURE: described}}},
        }

    def predicted(self, columns: Mapping[str, Any]) -> dict[str, Any]:
        import tensorflow as tf  # noqa: PLC0415 - seconds to import

        found = self.signature(**{name: tf.constant(_decoded(values)) for name, values in columns.items()})
        return {name: _plain(values.numpy()) for name, values in found.items()}


def create_serving_app(models: Mapping[str, Path], *, version: int = 1) -> FastAPI:
    """An app that serves the SavedModel in each folder under its name."""
    import tensorflow as tf  # noqa: PLC0415

    loaded: dict[str, _Served] = {}
    for name, folder in models.items():
        model = tf.saved_model.load(str(folder))
        loaded[name] = _Served(name, str(version), model, model.signatures[_SIGNATURE])
    app = FastAPI(openapi_url=None)

    def found(name: str, asked: str | None) -> _Served | None:
        model = loaded.get(name)
        return model if model is not None and asked in {None, model.version} else None

    @app.get("/v1/models/{name}")
    @app.get("/v1/models/{name}/versions/{asked}")
    def status(name: str, asked: str | None = None) -> JSONResponse:
        if (model := found(name, asked)) is None:
            return _error(HTTPStatus.NOT_FOUND, f"Could not find any versions of model {name}")
        fine = {"error_code": "OK", "error_message": ""}
        return JSONResponse(
            {"model_version_status": [{"version": model.version, "state": "AVAILABLE", "status": fine}]}
        )

    @app.get("/v1/models/{name}/metadata")
    @app.get("/v1/models/{name}/versions/{asked}/metadata")
    def metadata(name: str, asked: str | None = None) -> JSONResponse:
        if (model := found(name, asked)) is None:
            return _error(HTTPStatus.NOT_FOUND, f"Servable not found for request: Latest({name})")
        return JSONResponse(model.described())

    @app.post("/v1/models/{name}:predict")
    @app.post("/v1/models/{name}/versions/{asked}:predict")
    async def predict(name: str, request: Request, asked: str | None = None) -> JSONResponse:
        if (model := found(name, asked)) is None:
            return _error(HTTPStatus.NOT_FOUND, f"Servable not found for request: Latest({name})")
        try:
            return _answer(model, await request.json())
        except (ValueError, TypeError, LookupError, tf.errors.OpError) as exc:
            return _error(HTTPStatus.BAD_REQUEST, f"{type(exc).__name__}: {str(exc)[:200]}")

    return app


@contextmanager
def served(app: Callable[..., Any], *, port: int = 0) -> Iterator[str]:
    """An ASGI app on a port of this machine (0: a free one), in a thread; gives its address."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", ws="none"))
    listener = server.config.bind_socket()
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"  # the port listens already: a request waits for the app
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


def _answer(model: _Served, body: dict[str, Any]) -> JSONResponse:
    if body.get("signature_name", _SIGNATURE) != _SIGNATURE:
        raise LookupError(f"Serving signature name: {body['signature_name']!r} not found in signature def")
    in_rows = "instances" in body
    if in_rows == ("inputs" in body):
        raise ValueError("Missing 'inputs' or 'instances' key")
    [first] = model.signature.structured_input_signature[1]
    if in_rows:
        rows = [row[first] if isinstance(row, dict) and "b64" not in row else row for row in body["instances"]]
        found = model.predicted({first: rows})
        return JSONResponse(
            {"predictions": [dict(zip(found, row, strict=True)) for row in zip(*found.values(), strict=True)]}
        )
    given = body["inputs"]
    found = model.predicted(given if isinstance(given, dict) else {first: given})
    return JSONResponse({"outputs": found})


def _error(status: HTTPStatus, message: str) -> JSONResponse:
    return JSONResponse({"error": message}, status)


def _decoded(value: Any) -> Any:
    if isinstance(value, dict):
        return base64.b64decode(value["b64"], validate=True)
    return [_decoded(item) for item in value] if isinstance(value, list) else value


def _plain(values: Any) -> Any:
    found = values.tolist()
    return [item.decode() if isinstance(item, bytes) else item for item in found]
