"""Another VAE for the models of one request."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_server.control.choosing import choose

if TYPE_CHECKING:
    from scumble_protocol.requests import Regenerate
    from scumble_server.control.networks import Vae
    from scumble_server.models.model import Model
    from scumble_server.work.means import Means


def with_vae(model: Model, request: Regenerate, means: Means) -> Model:
    """The model with the VAE that a request names; the model itself stays as it is.

    Raises:
        RequestError: There is no such VAE, or it is made for other models.
    """
    if not request.vae:
        return model
    from scumble_server.models.diffusion import DiffusionModel

    source = choose(request, means.shelf.additions, model.spec.base).vae
    if source is None or not isinstance(model, DiffusionModel):
        raise RequestError(
            ErrorCode.UNSUPPORTED_MODEL,
            f"{request.model} takes no other VAE.",
            "Leave the VAE to the model.",
        )
    return model.with_vae(cast("Vae", means.shelf.addition(source, means.report)))
