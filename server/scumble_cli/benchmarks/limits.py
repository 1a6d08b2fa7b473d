"""What the machine itself allows: how fast a step or a picture's way could be at best."""

from __future__ import annotations

import hashlib
import secrets
import socket
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import diffusers
import torch
from torch.utils.flop_counter import FlopCounterMode

from scumble_cli.benchmarks.figure import Finding, in_turns, seconds
from scumble_server.app import STARTER_FOLDER
from scumble_server.models.device import choose_device
from scumble_server.models.linear import multiply_by_onednn

if TYPE_CHECKING:
    from collections.abc import Callable

SIDES = (1024, 2048, 4096)
_MATRIX = 2048
_PRODUCTS = 4
_CHUNK = 2**20


def step_limit(rounds: int) -> list[Finding]:
    """One guided step of the starter, if the machine did nothing but its arithmetic.

    The rate is that of a large product of matrices, which nothing in a network reaches.
    """
    device = choose_device("auto")
    work = _flops_of_a_step()
    layer = torch.nn.Linear(_MATRIX, _MATRIX, bias=False, device=device)
    multiply_by_onednn(layer)  # the fastest there is on some CPUs
    matrix = torch.rand(_MATRIX, _MATRIX, device=device)

    @torch.inference_mode()
    def product(_: int) -> float:
        return seconds(lambda: [_done(layer(matrix)) for _ in range(_PRODUCTS)])

    product(0)
    (times,) = in_turns(rounds, product)
    share = work / (_PRODUCTS * 2 * _MATRIX**3)
    return [times.figure("one step at 256², its arithmetic alone", "ms", times=1000 * share)]


def path_limit(rounds: int) -> list[Finding]:
    """A job without a model, if nothing were done but what the wire's promises demand.

    RGBA8 pixels and a mask are hashed at both ends, go once through a socket on loopback and once
    to the disk; so does the layer on its way back, which has half the sides.
    """
    findings: list[Finding] = []
    for side in SIDES:
        sent, back = secrets.token_bytes(5 * side**2), secrets.token_bytes(5 * (side // 2) ** 2)
        (times,) = in_turns(rounds, _way(sent, back))
        name = f"{side}² without a model, hashing, loopback and disk alone"
        findings.append(times.figure(name, "ms", times=1000))
    return findings


def _flops_of_a_step() -> int:
    """Floating-point operations of a step with CFG at 256²: two multiplied, or added, are two."""
    config: Any = diffusers.UNet2DConditionModel.load_config(STARTER_FOLDER, subfolder="unet")
    with torch.device("meta"):
        unet: Any = diffusers.UNet2DConditionModel.from_config(config)
        side = config["sample_size"]  # of the native side's latents
        latents = torch.empty(2, config["in_channels"], side, side)
        states = torch.empty(2, 77, config["cross_attention_dim"])
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        unet(latents, 1, states)
    return int(counter.get_total_flops())


def _done(product: torch.Tensor) -> float:
    """Wait until a product is there: a GPU hands it out before."""
    return float(product[0, 0])


def _way(sent: bytes, back: bytes) -> Callable[[int], float]:
    def once() -> None:
        for data in (sent, sent, back, back):
            hashlib.blake2b(data, digest_size=16).digest()
        with tempfile.TemporaryDirectory() as folder:
            for name, data in (("picture", sent), ("layer", back)):
                (Path(folder) / name).write_bytes(data)
        for data in (sent, back):
            _through_a_socket(data)

    return lambda _: seconds(once)


def _through_a_socket(data: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_send, args=(server.getsockname(), data))
        thread.start()
        taker, _ = server.accept()
        with taker:
            buffer = bytearray(_CHUNK)
            while taker.recv_into(buffer):
                pass
        thread.join()


def _send(address: tuple[str, int], data: bytes) -> None:
    with socket.create_connection(address) as connection:
        connection.sendall(data)
