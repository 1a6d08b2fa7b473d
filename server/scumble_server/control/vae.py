"""Another VAE for the models of one request."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_server.control.choosing import choose
from scumble_server.control.previews import with_previews

if TYPE_CHECKING:
    from scumble_protocol.requests import Regenerate
    from scumble_server.control.networks import Vae
    from scumble_server.models.model import Model
    from scumble_server.work.means import Means


def with_vae(model: Model, request: Regenerate, means: Means) -> Model:
    """The model with the VAE that a request names, and one for its previews if there is one.

    The model itself stays as it is.

    Raises:
        RequestError: There is no such VAE, or it is made for other models.
    """
    from scumble_server.models.diffusion import DiffusionModel

    if not request.vae:
        return with_previews(model, means) if isinstance(model, DiffusionModel) else model
    source = choose(request, means.shelf.additions, model.spec.base).vae
    if source is None or not isinstance(model, DiffusionModel):
        raise RequestError(
            ErrorCode.UNSUPPORTED_MODEL,
            f"{request.model} takes no other VAE.",
            "Leave the VAE to the model.",
        )
    vae = cast("Vae", means.shelf.addition(source, means.report))
    return with_previews(model.with_vae(vae), means)
