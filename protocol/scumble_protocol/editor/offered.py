"""What a panel's lists offer, and what a model can't be asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from scumble_protocol.choices import MaskedContent, ResizeMode, Sampler, Schedule, schedules_for
from scumble_protocol.editor.canvas import Source
from scumble_protocol.editor.fields import Item
from scumble_protocol.editor.language import Translate
from scumble_protocol.editor.names import SAMPLER_NAMES, SCHEDULE_NAMES, model_facts
from scumble_protocol.editor.settings import Area
from scumble_protocol.editor.styles import Style, Styles
from scumble_protocol.messages import Ability, ModelInfo


def content_items(tr: Translate) -> tuple[Item, ...]:
    """What the model may find under the mask; the field calls it masked content."""
    return (
        Item(
            MaskedContent.ORIGINAL.value,
            tr("What is there"),
            tr("Masked content “original”: made from what is in the selection."),
        ),
        Item(
            MaskedContent.FILL.value,
            tr("The surroundings"),
            tr("Masked content “fill”: first filled with the colours around it."),
        ),
        Item(
            MaskedContent.NOISE.value,
            tr("Noise"),
            tr("Masked content “latent noise”: nothing of the picture, but all its liveliness."),
        ),
        Item(
            MaskedContent.NOTHING.value,
            tr("Nothing"),
            tr("Masked content “latent nothing”: a middle tone without any detail."),
        ),
    )


def source_items(tr: Translate) -> tuple[Item, ...]:
    """What of the picture the model may see."""
    return (
        Item(Source.VISIBLE.value, tr("All that is visible")),
        Item(Source.WITHOUT_RESULTS.value, tr("All but Scumble's layers")),
        Item(Source.ACTIVE_LAYER.value, tr("The active layer alone")),
    )


def area_items(tr: Translate) -> tuple[Item, ...]:
    """What the model works on; the field calls it inpaint area."""
    return (
        Item(
            Area.MASKED.value,
            tr("The selection"),
            tr("Inpaint area “only masked”: the selection with some of its surroundings."),
        ),
        Item(
            Area.WHOLE.value,
            tr("The whole picture"),
            tr("Inpaint area “whole picture”: the model sees everything, but less sharply."),
        ),
    )


def resize_items(tr: Translate) -> tuple[Item, ...]:
    """How the picture is brought to the size of a result that has another one."""
    return (
        Item(ResizeMode.STRETCH.value, tr("Just resize")),
        Item(ResizeMode.CROP.value, tr("Crop and resize")),
        Item(ResizeMode.FILL.value, tr("Resize and fill")),
        Item(ResizeMode.LATENT.value, tr("Just resize (latent)")),
    )


def sampler_items(samplers: Iterable[Sampler]) -> list[Item]:
    """Samplers by their proper names."""
    return [Item(sampler.value, SAMPLER_NAMES[sampler]) for sampler in samplers]


def schedule_items(sampler: Sampler, tr: Translate) -> list[Item]:
    """The schedules that a sampler has, by their proper names."""
    return [
        Item(
            schedule.value,
            tr("Automatic") if schedule is Schedule.AUTOMATIC else SCHEDULE_NAMES[schedule],
        )
        for schedule in schedules_for(sampler)
    ]


def style_items(styles: Styles, tr: Translate) -> list[Item]:
    """The styles, after none; those whose files are broken say why."""
    return [
        Item("", tr("None")),
        *(Item(style.name, style.title, _style_tip(style)) for style in styles.usable.values()),
        *(Item(name, name, str(why), is_enabled=False) for name, why in styles.broken.items()),
    ]


def model_item(model: ModelInfo) -> Item:
    """A model in a list."""
    return Item(model.id, model.title, model_facts(model))


def fitting_items(models: Iterable[ModelInfo], chosen: ModelInfo | None, first: str) -> list[Item]:
    """What can be added to a model: the empty choice under the name `first`, and what fits.

    What is known to fit another model only is left out.
    """
    return [Item("", first), *(model_item(model) for model in models if fits(model, chosen))]


def fits(added: ModelInfo, chosen: ModelInfo | None) -> bool:
    """Whether something may go with a model; where nothing is known of either, it may."""
    if chosen is None or not chosen.base or not added.fits:
        return True
    return chosen.base in added.fits


def lacking(model: ModelInfo | None, tr: Translate) -> Mapping[str, str]:
    """By the name of a setting, why the model can't do it; nothing where that is not known."""
    if model is None or not model.abilities:
        return {}
    reason = tr("{model} can't do this.", model=model.title)
    return {name: reason for name, ability in _NEEDS.items() if not model.can(ability)}


_NEEDS: Mapping[str, Ability] = {
    "negative": Ability.NEGATIVE,
    "clip_skip": Ability.CLIP_SKIP,
    "cfg_rescale": Ability.CFG_RESCALE,
    "vae": Ability.VAE,
    "controls": Ability.CONTROL,
    "references": Ability.REFERENCE,
    "regions": Ability.REGIONS,
}


def _style_tip(style: Style) -> str:
    return "\n".join(
        filter(None, (style.prompt, style.negative.replace("{prompt}", "").strip(" ,")))
    )
