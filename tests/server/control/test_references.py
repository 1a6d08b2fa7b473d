"""IP-Adapters: as diffusers does it, and gone without a trace afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import diffusers
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from scumble_protocol.errors import ErrorCode, RequestError
from scumble_protocol.guides import ReferenceKind
from scumble_server.control.adapter import ImageEncoder, IPAdapter
from scumble_server.control.guides import Guides, Influence, ReferenceGuide
from scumble_server.control.places import Role
from scumble_server.control.references import in_place
from scumble_server.models.diffusion import DiffusionModel
from scumble_server.pixels.crop import Crop
from scumble_server.work.report import Cancelled, ProgressReport, Report, silent
from tests.server.control.additions import make_adapter
from tests.server.control.conftest import Added, Get
from tests.server.models.checkpoints import make_unet
from tests.server.photos import photo
from tests.server.sampling.jobs import make_crop, make_request, sample_one
from tests.server.sampling.test_against_diffusers import assert_same_picture, encode_mode

SEED = 7

Refer = Callable[..., ReferenceGuide]


@pytest.fixture
def refer(added: Added) -> Refer:
    """Gives a reference to a photograph by the adapter of a name."""

    def get(
        name: str,
        kind: ReferenceKind = ReferenceKind.ALL,
        influence: Influence = Influence(),  # noqa: B008 (frozen)
    ) -> ReferenceGuide:
        encoder = added(Role.IMAGE_ENCODER, "tiny")
        network = added(Role.REFERENCE, name)
        assert isinstance(network, IPAdapter)
        picture = (photo()[:200, :300] / 255).astype(np.float32)
        return ReferenceGuide(kind, picture, network, encoder, influence)

    return get


def crop_with(*references: ReferenceGuide) -> Crop:
    return replace(make_crop(), guides=Guides(references=references))


@pytest.mark.parametrize("name", ["sd1", "sd1-plus", "sdxl", "sdxl-plus"])
@pytest.mark.parametrize("cfg", [1.0, 5.0])
def test_a_reference_equals_diffusers(name: str, cfg: float, model: Get, refer: Refer) -> None:
    family = name.partition("-")[0]
    crop, request = crop_with(refer(name, influence=Influence(0.6))), make_request(cfg=cfg)
    ours = sample_one(crop, model(family), request, SEED, silent)
    plain = sample_one(make_crop(), model(family), request, SEED, silent)
    assert float(np.abs(ours - plain).max()) > 8 / 255
    assert_same_picture(ours, theirs(model(family), crop, cfg))


def test_several_references_equal_diffusers(model: Get, refer: Refer) -> None:
    crop = crop_with(refer("sd1", influence=Influence(0.4)), refer("sd1-plus"))
    ours = sample_one(crop, model("sd1"), make_request(), SEED, silent)
    assert_same_picture(ours, theirs(model("sd1"), crop, 5.0))


def test_nothing_of_a_reference_stays(model: Get, refer: Refer) -> None:
    unet = model("sd1").unet
    plain = sample_one(make_crop(), model("sd1"), make_request(), SEED, silent)
    before = traces(unet)
    sample_one(crop_with(refer("sd1")), model("sd1"), make_request(), SEED, silent)
    with pytest.raises(Cancelled):
        sample_one(crop_with(refer("sd1")), model("sd1"), make_request(), SEED, cancel)
    assert traces(unet) == before
    again = sample_one(make_crop(), model("sd1"), make_request(), SEED, silent)
    assert (again == plain).all()


def cancel(told: Report) -> None:
    if isinstance(told, ProgressReport) and told.step:
        raise Cancelled


def traces(unet: Any) -> list[object]:
    """Everything by which an adapter could be found in a UNet: modules, weights, processors."""
    weights = [(name, value.sum().item()) for name, value in unet.state_dict().items()]
    modules = [(name, id(module)) for name, module in unet.named_modules()]
    processors = [(name, id(one)) for name, one in unet.attn_processors.items()]
    return [weights, modules, processors, dict(unet.config), unet.encoder_hid_proj]


def test_a_reference_out_of_its_steps_changes_nothing(model: Get, refer: Refer) -> None:
    plain = sample_one(make_crop(), model("sd1"), make_request(), SEED, silent)
    late = refer("sd1", influence=Influence(1.0, 0.9, 0.95))
    ours = sample_one(crop_with(late), model("sd1"), make_request(), SEED, silent)
    assert float(np.abs(ours - plain).max()) < 1e-4


def test_style_and_composition_have_their_own_blocks(tmp_path: Any, refer: Refer) -> None:
    unet = deep_unet()
    adapter = load(make_adapter(tmp_path / "deep.safetensors", unet))
    for kind, block in {
        ReferenceKind.STYLE: "up_blocks.0.attentions.1.",
        ReferenceKind.COMPOSITION: "down_blocks.2.attentions.1.",
    }.items():
        guide = replace(refer("sdxl"), kind=kind, network=adapter, influence=Influence(0.7))
        with in_place((guide,), unet) as references:
            references.set(0, 5)
            scales = {
                name: processor.scale
                for name, processor in unet.attn_processors.items()
                if name.endswith("attn2.processor")
            }
        assert {name for name, scale in scales.items() if scale != [0.0]} == {
            name for name in scales if name.startswith(block)
        }
        assert {tuple(scale) for scale in scales.values()} == {(0.0,), (0.7,)}


def test_a_model_without_those_blocks_is_refused(model: Get, refer: Refer) -> None:
    crop = crop_with(refer("sd1", ReferenceKind.STYLE))
    with pytest.raises(RequestError) as caught:
        sample_one(crop, model("sd1"), make_request(), SEED, silent)
    assert caught.value.code is ErrorCode.UNSUPPORTED_MODEL


def test_an_adapter_for_another_model_is_refused(model: Get, refer: Refer) -> None:
    with pytest.raises(RequestError) as caught:
        sample_one(crop_with(refer("sdxl")), model("sd1"), make_request(), SEED, silent)
    assert caught.value.code is ErrorCode.UNSUPPORTED_MODEL


def deep_unet() -> Any:
    """A UNet with the blocks that SDXL has."""
    torch.manual_seed(0)
    config = dict(make_unet("sdxl", channels=4).config) | {"layers_per_block": 2}
    return diffusers.UNet2DConditionModel.from_config(config).eval()


def load(path: Any) -> IPAdapter:
    from scumble_server.control.adapter import load_adapter
    from scumble_server.control.sources import read_addition

    return load_adapter(read_addition("x", path, Role.REFERENCE), torch.device("cpu"))


def theirs(model: DiffusionModel, crop: Crop, cfg: float) -> NDArray[np.float32]:
    """What diffusers' img2img makes of it, with adapters loaded as it does."""
    request = make_request(cfg=cfg)
    name = type(model.pipeline).__name__.removesuffix("Pipeline")
    kind = getattr(diffusers, f"{name}Img2ImgPipeline")
    names = set(kind._get_signature_keys(kind)[0])  # noqa: SLF001 - there is no public way to ask
    parts = {key: part for key, part in model.pipeline.components.items() if key in names}
    unet = diffusers.UNet2DConditionModel.from_config(model.unet.config).eval()
    unet.load_state_dict(model.unet.state_dict())
    parts["unet"] = unet
    parts["scheduler"] = diffusers.EulerDiscreteScheduler.from_config(
        model.pipeline.scheduler.config
    )
    options = {} if "XL" in name else {"requires_safety_checker": False}
    pipeline = kind(**parts, **options)
    pipeline.set_progress_bar_config(disable=True)
    unet._load_ip_adapter_weights([state(guide) for guide in crop.guides.references])  # noqa: SLF001
    pipeline.set_ip_adapter_scale([guide.influence.weight for guide in crop.guides.references])
    with torch.inference_mode():
        pixels = torch.from_numpy(2 * crop.image - 1).permute(2, 0, 1)[None]
        made = pipeline(
            request.prompt,
            negative_prompt=request.negative,
            image=encode_mode(pipeline, pixels),
            strength=request.strength,
            num_inference_steps=request.steps,
            guidance_scale=cfg,
            generator=torch.Generator().manual_seed(SEED),
            ip_adapter_image_embeds=[embeds(guide, cfg) for guide in crop.guides.references],
            output_type="np",
        )
    picture: NDArray[np.float32] = made.images[0]
    return picture


def embeds(guide: ReferenceGuide, cfg: float) -> torch.Tensor:
    """What the encoder sees, in the form that diffusers takes: (2 or 1, pictures, …)."""
    encoder = guide.encoder
    assert isinstance(encoder, ImageEncoder)
    assert isinstance(guide.network, IPAdapter)
    is_plus = "latents" in dict(guide.network._projection.named_parameters())  # noqa: SLF001
    seen = encoder.parts(guide.picture) if is_plus else encoder.whole(guide.picture)
    return seen[:, None] if cfg > 1 else seen[1:, None]


def state(guide: ReferenceGuide) -> dict[str, dict[str, torch.Tensor]]:
    """An adapter's file as diffusers splits it."""
    from safetensors.torch import load_file

    made: dict[str, dict[str, torch.Tensor]] = {"image_proj": {}, "ip_adapter": {}}
    for name, value in load_file(FILES[id(guide.network)]).items():
        part, _, rest = name.partition(".")
        made[part][rest] = value
    return made


FILES: dict[int, Any] = {}


@pytest.fixture(autouse=True)
def files(folder: Any, added: Added) -> None:
    for path in (folder / "ip_adapter").glob("*.safetensors"):
        FILES[id(added(Role.REFERENCE, path.name))] = path
