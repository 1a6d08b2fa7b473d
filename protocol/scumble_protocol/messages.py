"""Every message of `scumble.v1`, as a frozen dataclass whose constructor refuses nonsense.

`MESSAGES` at the end is the one machine-readable list: the codec, the session and
`docs/protocol.md` are made from it.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import ClassVar

from scumble_protocol.checks import check_finite, check_job_id, check_least
from scumble_protocol.choices import Sampler, Schedule
from scumble_protocol.errors import ErrorCode, ProtocolError
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.images import ImageRef, Likeness, check_bases, check_blob_id
from scumble_protocol.job_list import AskJobs, Jobs
from scumble_protocol.pairing import (
    AskClients,
    Clients,
    OfferPairing,
    Pair,
    Paired,
    PairingOffer,
    Revoke,
)
from scumble_protocol.pixels import Pixels
from scumble_protocol.requests import Request

PROTOCOL_VERSION = 1
SUBPROTOCOL = "scumble.v1"

CHUNK_OVERHEAD = 1024
"""More bytes than a chunk takes around its data."""


class Encoding(str, enum.Enum):
    """How the bytes of a chunk are packed."""

    RAW = "raw"
    ZLIB = "zlib"
    """zlib over planar row differences; see `packing.py` and `docs/protocol.md`."""


class Phase(str, enum.Enum):
    """What a running job is doing."""

    LOADING = "loading"
    ENCODING = "encoding"
    SAMPLING = "sampling"
    DECODING = "decoding"


class ModelKind(str, enum.Enum):
    """What a model is for."""

    DIFFUSION = "diffusion"
    UPSCALER = "upscaler"
    CONTROL = "control"
    """A ControlNet."""
    REFERENCE = "reference"
    """An IP-Adapter."""
    VAE = "vae"
    FACES = "faces"
    """A network that restores faces."""


class Ability(str, enum.Enum):
    """What a diffusion model can be asked for beyond a prompt, a mask and a strength."""

    NEGATIVE = "negative"
    """A negative prompt, and CFG in the sense of classifier-free guidance."""
    WEIGHTS = "weights"
    """Words with weights, and prompts of any length."""
    LORA = "lora"
    CLIP_SKIP = "clip_skip"
    CFG_RESCALE = "cfg_rescale"
    CONTROL = "control"
    REFERENCE = "reference"
    REGIONS = "regions"
    VAE = "vae"
    """Another VAE."""
    EDIT = "edit"
    """It changes pictures by instruction, and needs one as its prompt."""


@dataclass(frozen=True)
class ModelInfo:
    """What an editor needs to know of a model.

    Args:
        id: The name to use in requests.
        title: The name to show.
        kind: What the model is for.
        family: For instance `sd1`, `sdxl`, `lanczos`, `esrgan`; for people, never compared.
        native_side: The side in pixels at which the model works best; 0 for upscalers.
        max_side: The longest working side in pixels; 0 for upscalers.
        multiple: Working sides are multiples of this many pixels.
        inpaint: Whether the model was trained for inpainting.
        loaded: Whether it is in memory now.
        bytes: Size of its weights in bytes; 0 if not known yet.
        scale: The factor that an upscaler was made for; 0 for diffusion models, 1 for any.
        steps: Recommended steps, 0 for upscalers.
        cfg: Recommended guidance scale, 0 for upscalers.
        sampler: Recommended sampler.
        schedule: Recommended schedule.
        samplers: Those that it runs with; none for all of `welcome`'s.
        abilities: What it can be asked for; names that a client does not know are passed over.
        fits: For controls, references and VAEs: the `base` of the models that they go with.
        base: For diffusion models: what must be in `fits` of what is added to it.
        controls: For controls: the `ControlKind`s that it was made for.
        memory: Bytes of the device's memory that its weights take there; 0 if not known.
        memory_per_pixel: Bytes more for every working pixel while it runs; 0 if not known.
    """

    id: str
    title: str
    kind: ModelKind
    family: str
    native_side: int
    max_side: int
    multiple: int
    inpaint: bool
    loaded: bool
    bytes: int
    scale: int
    steps: int
    cfg: float
    sampler: Sampler
    schedule: Schedule = Schedule.AUTOMATIC
    samplers: tuple[Sampler, ...] = ()
    abilities: tuple[str, ...] = ()
    fits: tuple[str, ...] = ()
    base: str = ""
    controls: tuple[str, ...] = ()
    memory: int = 0
    memory_per_pixel: float = 0.0

    def __post_init__(self) -> None:
        check_finite("cfg", self.cfg)
        check_finite("memory_per_pixel", self.memory_per_pixel)
        check_least(
            0,
            native_side=self.native_side,
            max_side=self.max_side,
            multiple=self.multiple,
            bytes=self.bytes,
            scale=self.scale,
            steps=self.steps,
            memory=self.memory,
        )

    def can(self, ability: Ability) -> bool:
        """Whether it can be asked for that."""
        return ability.value in self.abilities


@dataclass(frozen=True)
class Device:
    """The device that models run on.

    Args:
        id: For instance `cpu` or `cuda:0`.
        name: Its name for people.
        memory: Its memory in bytes.
    """

    id: str
    name: str
    memory: int

    def __post_init__(self) -> None:
        check_least(0, memory=self.memory)


@dataclass(frozen=True)
class Limits:
    """What a server accepts; exceeding a limit is an error, never a hang.

    Args:
        message_bytes: Longest message.
        chunk_bytes: Most bytes of a blob in one chunk.
        image_side: Longest side of a picture, in pixels.
        image_pixels: Most pixels of a picture, also of an upscaled one.
        prompt_chars: Longest prompt, in characters.
        jobs_per_client: Most unfinished jobs of one connection.
        queue_length: Most waiting jobs of all clients together.
        blobs_per_job: Most different pictures that one job names.
        connections: Most connections of all clients together.
    """

    message_bytes: int = 4 * 2**20
    chunk_bytes: int = 2**20
    image_side: int = 16384
    image_pixels: int = 256 * 2**20
    prompt_chars: int = 4000
    jobs_per_client: int = 16
    queue_length: int = 64
    blobs_per_job: int = 64
    connections: int = 64

    def __post_init__(self) -> None:
        check_least(1, **vars(self))
        if self.chunk_bytes + CHUNK_OVERHEAD > self.message_bytes:
            raise ProtocolError(
                f"A chunk of {self.chunk_bytes} bytes is above {self.message_bytes} as a message."
            )


@dataclass(frozen=True)
class Pass:
    """One pass of a model over a picture, or a part of it.

    Args:
        name: What it was for, for people: `composition`, `pass 2`, `detail`, `faces`, ….
        working: The size that the model worked at, in pixels; of one tile where there were several.
        strength: Denoising strength, 0 to 1.
        steps: Steps that were run.
        tiles: How many pieces the picture was worked on in.
    """

    name: str
    working: Size
    strength: float
    steps: int
    tiles: int = 1

    def __post_init__(self) -> None:
        check_finite("strength", self.strength)
        check_least(0, steps=self.steps)
        check_least(1, tiles=self.tiles)


@dataclass(frozen=True)
class ResultLayer:
    """One variation, or a picture that came with it.

    Args:
        rect: Where the layer goes, in canvas pixels; for an upscale, those of the enlarged canvas.
        image: The layer's pixels, of the depth that was sent.
        mask: The blend mask, `gray8`, of the same size; 0 leaves the canvas as it is.
        seed: The seed that made it; 0 for an upscale.
        prompt: The prompt that made it, with all choices made; empty for an upscale. Asked for
            again with this seed, it gives this layer again whatever became of wildcards.
        negative: The negative prompt, in the same way.
        tokens: Tokens of the prompt; 0 where no model read it.
        chunks: In how many portions the model's text encoder read them; 0 where none did.
        passes: What was run to make it, in order.
        title: What it is where it is no variation, for people, for instance `Canny`; else empty.
    """

    rect: Rect
    image: ImageRef
    mask: ImageRef
    seed: int
    prompt: str = ""
    negative: str = ""
    tokens: int = 0
    chunks: int = 0
    passes: tuple[Pass, ...] = ()
    title: str = ""

    def __post_init__(self) -> None:
        check_least(0, tokens=self.tokens, chunks=self.chunks)


@dataclass(frozen=True)
class PhaseTime:
    """How long a finished job spent in a phase.

    Args:
        phase: The phase's name, for people.
        seconds: The time in seconds.
    """

    phase: str
    seconds: float

    def __post_init__(self) -> None:
        check_finite("seconds", self.seconds)


# ── Both directions ──────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Want:
    """Send me these blobs; I don't have them.

    Args:
        blobs: Their ids.
        bases: By the server alone: of which of them it has a base, one of those that `submit`
            named, so that `copy` may take the place of chunks.
    """

    type: ClassVar[str] = "want"

    blobs: tuple[str, ...]
    bases: tuple[Likeness, ...] = ()

    def __post_init__(self) -> None:
        for blob in self.blobs:
            check_blob_id(blob)
        check_bases(self.bases, self.blobs)


@dataclass(frozen=True)
class Chunk:
    """A piece of a blob; the pieces of one blob come in order.

    Args:
        blob: Whose piece it is.
        total: The blob's length in bytes, at least 1.
        offset: Where the piece begins.
        encoding: How `data` is packed.
        data: The piece, packed.
        row: For `zlib`: bytes of a row, 64 to 2**24, or 0 where rows are not compared; else 0.
        pixel: For `zlib`: bytes of a pixel, 1 to 8; else 1.
    """

    type: ClassVar[str] = "chunk"

    blob: str
    total: int
    offset: int
    encoding: Encoding
    data: bytes
    row: int = 0
    pixel: int = 1

    def __post_init__(self) -> None:
        check_blob_id(self.blob)
        if not 0 <= self.offset < self.total or not self.data:
            raise ProtocolError(f"A chunk at {self.offset} of {self.total} bytes is impossible.")


# ── Client to server ─────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Hello:
    """The client's first message: who it is, its right to be here, and the jobs it still waits for.

    Args:
        protocol: The protocol version that the client speaks.
        client: The client's name, for people.
        version: The client's version.
        token: The token from the endpoint file.
        awaiting: The jobs whose end the client has not seen.
        encodings: The chunk encodings that the client wants used both ways, best first. On loopback
            that is `raw` alone, since packing takes longer than sending.
    """

    type: ClassVar[str] = "hello"

    protocol: int
    client: str
    version: str
    token: str = field(repr=False)  # so that no log has it
    awaiting: tuple[str, ...]
    encodings: tuple[Encoding, ...] = (Encoding.RAW,)

    def __post_init__(self) -> None:
        for job in self.awaiting:
            check_job_id(job)


@dataclass(frozen=True)
class Submit:
    """Do this; sending it twice is harmless.

    Args:
        job: The job's id, chosen by the client: 1 to 64 characters of printable ASCII, no space.
        request: What to do.
        bases: Blobs of the request that are like one which the server should have; one base each.
    """

    type: ClassVar[str] = "submit"

    job: str
    request: Request
    bases: tuple[Likeness, ...] = ()

    def __post_init__(self) -> None:
        check_job_id(self.job)
        check_bases(self.bases, [image.blob for image in self.request.blobs])


@dataclass(frozen=True)
class Copy:
    """A piece of a blob that its base has too; goes in place of chunks, in their order.

    Args:
        blob: Whose piece it is.
        total: The blob's length in bytes, and its base's.
        offset: Where the piece begins.
        base: The base, as the server's `want` named it.
        start: Where in the base the same bytes begin.
        length: How many they are, 1 to `chunk_bytes`.
    """

    type: ClassVar[str] = "copy"

    blob: str
    total: int
    offset: int
    base: str
    start: int
    length: int

    def __post_init__(self) -> None:
        check_blob_id(self.blob)
        check_blob_id(self.base)
        check_least(0, offset=self.offset, start=self.start)
        check_least(1, length=self.length)
        if max(self.offset, self.start) + self.length > self.total:
            raise ProtocolError(
                f"A copy of {self.length} from {self.start} to {self.offset} does not fit "
                f"{self.total} bytes."
            )


@dataclass(frozen=True)
class Cancel:
    """Stop this job, waiting or running, and no other."""

    type: ClassVar[str] = "cancel"

    job: str

    def __post_init__(self) -> None:
        check_job_id(self.job)


@dataclass(frozen=True)
class Attach:
    """Tell me this job's kept events again, those numbered above `after`, and go on from there.

    Args:
        job: The job's id.
        after: The number of the last event that the client has, 0 for none. A server that was
            started again numbers above all that it may have told before.
    """

    type: ClassVar[str] = "attach"

    job: str
    after: int

    def __post_init__(self) -> None:
        check_job_id(self.job)
        check_least(0, after=self.after)


@dataclass(frozen=True)
class Acknowledge:
    """I have the result; the server need not keep it for me."""

    type: ClassVar[str] = "acknowledge"

    job: str

    def __post_init__(self) -> None:
        check_job_id(self.job)


@dataclass(frozen=True)
class Forget:
    """Delete all that you keep of this job, request, pictures and result; cancel it if need be."""

    type: ClassVar[str] = "forget"

    job: str

    def __post_init__(self) -> None:
        check_job_id(self.job)


@dataclass(frozen=True)
class ListModels:
    """Which models are there?"""

    type: ClassVar[str] = "list_models"


@dataclass(frozen=True)
class AskStatus:
    """How are you?"""

    type: ClassVar[str] = "ask_status"


@dataclass(frozen=True)
class Measure:
    """How long is this prompt, and does it name what there is? For a panel, while one types.

    Args:
        text: The prompt; longer ones than `Limits.prompt_chars` are refused.
        model: The id of the model that shall read it; empty for any.
    """

    type: ClassVar[str] = "measure"

    text: str
    model: str


@dataclass(frozen=True)
class AskNames:
    """Which names can be used in prompts?"""

    type: ClassVar[str] = "ask_names"


# ── Server to client ─────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Welcome:
    """The server's answer to `hello`.

    Args:
        protocol: The protocol version that is spoken from here on.
        version: The server's version.
        device: What models run on.
        models: The models that can be used in requests.
        samplers: The samplers that every UNet model runs with.
        limits: What the server accepts.
        encodings: The chunk encodings in use both ways, best first: those of `hello` that the
            server has too (`ServerSession.encodings`).
        lost: The awaited jobs that the server knows nothing of.
        features: What an editor may offer, by the names of its modes: `regenerate`, `fill`,
            `remove`, `expand`, `upscale`, `sketch`, and `show_mask`; names that a client does not
            know are passed over.
    """

    type: ClassVar[str] = "welcome"

    protocol: int
    version: str
    device: Device
    models: tuple[ModelInfo, ...]
    samplers: tuple[Sampler, ...]
    limits: Limits
    encodings: tuple[Encoding, ...]
    lost: tuple[str, ...]
    features: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for job in self.lost:
            check_job_id(job)


@dataclass(frozen=True)
class Refused:
    """A message can't be obeyed.

    Args:
        job: The job whose `submit` or `attach` is refused; empty for any other message.
        code: What is wrong, for programs.
        message: What is wrong, in a sentence for people.
        hint: What to do next; may be empty.
    """

    type: ClassVar[str] = "refused"

    job: str
    code: ErrorCode
    message: str
    hint: str

    def __post_init__(self) -> None:
        if self.job:
            check_job_id(self.job)


@dataclass(frozen=True)
class Models:
    """The models, in answer to `list_models` and whenever the list changes.

    Args:
        models: All that can be used in requests.
    """

    type: ClassVar[str] = "models"

    models: tuple[ModelInfo, ...]


@dataclass(frozen=True)
class Measured:
    """How long a prompt is.

    Args:
        text: The prompt that was measured.
        model: The model that was named.
        tokens: Its tokens.
        chunks: In how many portions they will be read.
        kept: The tokens that the model reads of them; fewer than `tokens` where it cuts the rest.
        wrong: What is wrong with it, each in a sentence for people; for instance a LoRA that there
            is not.
        room: The tokens that so many portions have room for; 0 where that is not known.
    """

    type: ClassVar[str] = "measured"

    text: str
    model: str
    tokens: int
    chunks: int
    kept: int
    wrong: tuple[str, ...] = ()
    room: int = 0

    def __post_init__(self) -> None:
        check_least(0, tokens=self.tokens, chunks=self.chunks, kept=self.kept, room=self.room)


@dataclass(frozen=True)
class Names:
    """The names that can be used in prompts, each sorted.

    Args:
        loras: For `<lora:NAME:1>`.
        embeddings: Textual inversions.
        wildcards: For `__NAME__`.
    """

    type: ClassVar[str] = "names"

    loras: tuple[str, ...]
    embeddings: tuple[str, ...]
    wildcards: tuple[str, ...]


@dataclass(frozen=True)
class Status:
    """The server's state.

    Args:
        uptime: Seconds since it started.
        waiting: Number of waiting jobs, of all clients.
        running: Number of running jobs.
        memory_used: Bytes of the device's memory in use.
        loaded: Ids of the models in memory.
        version: The server's version.
        device: What models run on.
        connections: Number of clients that are connected.
        restarts: How often the server began anew since it was started, because its device hung.
        kept_jobs: Number of ended jobs that are kept.
        kept_bytes: Bytes on disk of all pictures.
        keep_days: For how many days results are kept at most.
        keep_bytes: Above so many bytes results are deleted, the oldest that were acknowledged
            first, and none that nobody acknowledged and that is younger than `keep_unseen_days`.
        keep_unseen_days: For how many days results that nobody acknowledged are kept at least.
        disk_free: Bytes that are free on the disk with the state folder.
        trouble: What keeps the server from doing jobs and what to do about it, in a sentence for
            people; empty if nothing does.
    """

    type: ClassVar[str] = "status"

    uptime: float
    waiting: int
    running: int
    memory_used: int
    loaded: tuple[str, ...]
    version: str = ""
    device: Device | None = None
    connections: int = 0
    restarts: int = 0
    kept_jobs: int = 0
    kept_bytes: int = 0
    keep_days: float = 0.0
    keep_bytes: int = 0
    keep_unseen_days: float = 0.0
    disk_free: int = 0
    trouble: str = ""

    def __post_init__(self) -> None:
        check_finite("uptime", self.uptime)
        check_finite("keep_days", self.keep_days)
        check_finite("keep_unseen_days", self.keep_unseen_days)
        check_least(0, waiting=self.waiting, running=self.running, memory_used=self.memory_used)


@dataclass(frozen=True)
class Accepted:
    """The job is on disk and will be done.

    Args:
        job: The job's id.
        number: The event's number.
        position: How many jobs are before it.
    """

    type: ClassVar[str] = "accepted"

    job: str
    number: int
    position: int

    def __post_init__(self) -> None:
        _check_event(self.job, self.number)
        check_least(0, position=self.position)


@dataclass(frozen=True)
class Started:
    """The job is being worked on."""

    type: ClassVar[str] = "started"

    job: str
    number: int

    def __post_init__(self) -> None:
        _check_event(self.job, self.number)


@dataclass(frozen=True)
class Progress:
    """How far the running job is.

    Args:
        job: The job's id.
        number: The event's number.
        phase: What the job is doing.
        step: Steps done in this phase, 0 to `of`.
        of: Steps of this phase.
        seconds_left: Estimate for the whole job; negative while unknown.
        detail: More of it for people, for instance the file that is loaded; may be empty.
    """

    type: ClassVar[str] = "progress"

    job: str
    number: int
    phase: Phase
    step: int
    of: int
    seconds_left: float
    detail: str

    def __post_init__(self) -> None:
        _check_event(self.job, self.number)
        check_finite("seconds_left", self.seconds_left)
        if not 0 <= self.step <= self.of:
            raise ProtocolError(f"Step {self.step} of {self.of} is impossible.")


@dataclass(frozen=True)
class Preview:
    """What the picture looks like so far.

    Args:
        job: The job's id.
        number: The event's number.
        rect: The part of the canvas that the pixels stand for.
        pixels: The picture, usually smaller than `rect`.
    """

    type: ClassVar[str] = "preview"

    job: str
    number: int
    rect: Rect
    pixels: Pixels

    def __post_init__(self) -> None:
        _check_event(self.job, self.number)


@dataclass(frozen=True)
class Finished:
    """The job is done; the layers' blobs can be asked for with `want`.

    Args:
        job: The job's id.
        number: The event's number.
        request: The complete request as it was run, so that it can be run again or changed.
        layers: One for each variation; none after loading a model.
        times: How long each phase took.
        notes: What was done otherwise than asked, and why, each in a sentence for people: for
            instance what was given up for want of memory.
    """

    type: ClassVar[str] = "finished"

    job: str
    number: int
    request: Request
    layers: tuple[ResultLayer, ...]
    times: tuple[PhaseTime, ...]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_event(self.job, self.number)


@dataclass(frozen=True)
class Failed:
    """The job could not be done."""

    type: ClassVar[str] = "failed"

    job: str
    number: int
    code: ErrorCode
    message: str
    hint: str

    def __post_init__(self) -> None:
        _check_event(self.job, self.number)


@dataclass(frozen=True)
class Cancelled:
    """The job was stopped as asked."""

    type: ClassVar[str] = "cancelled"

    job: str
    number: int

    def __post_init__(self) -> None:
        _check_event(self.job, self.number)


def _check_event(job: str, number: int) -> None:
    check_job_id(job)
    check_least(1, number=number)


ClientMessage = (
    Hello
    | Submit
    | Want
    | Chunk
    | Copy
    | Cancel
    | Attach
    | Acknowledge
    | Forget
    | ListModels
    | AskStatus
    | Measure
    | AskNames
    | Pair
    | OfferPairing
    | AskClients
    | Revoke
    | AskJobs
)
JobEvent = Accepted | Started | Progress | Preview | Finished | Failed | Cancelled
ServerMessage = (
    Welcome
    | Refused
    | Want
    | Chunk
    | Models
    | Status
    | Measured
    | Names
    | Paired
    | PairingOffer
    | Clients
    | Jobs
    | JobEvent
)
Message = ClientMessage | ServerMessage

CLIENT_MESSAGES = (
    Hello, Submit, Want, Chunk, Copy, Cancel, Attach, Acknowledge, Forget, ListModels, AskStatus,
    Measure, AskNames, Pair, OfferPairing, AskClients, Revoke, AskJobs,
)  # fmt: skip
JOB_EVENTS = (Accepted, Started, Progress, Preview, Finished, Failed, Cancelled)
SERVER_MESSAGES = (
    Welcome, Refused, Want, Chunk, Models, Status, Measured, Names, Paired, PairingOffer, Clients,
    Jobs, *JOB_EVENTS,
)  # fmt: skip
MESSAGES: tuple[type[Message], ...] = tuple(dict.fromkeys((*CLIENT_MESSAGES, *SERVER_MESSAGES)))
