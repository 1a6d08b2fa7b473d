"""One sample of every message and request, for the golden file and for tests that need any."""

from __future__ import annotations

from dataclasses import replace

from scumble_protocol import blobs
from scumble_protocol.choices import MaskedContent, Sampler, Schedule
from scumble_protocol.errors import ErrorCode
from scumble_protocol.geometry import Rect, Size
from scumble_protocol.guides import Control, ControlKind, Reference, ReferenceKind, Region
from scumble_protocol.images import ImageRef, Likeness
from scumble_protocol.job_list import AskJobs, Jobs, JobStage, JobSummary
from scumble_protocol.messages import (
    PROTOCOL_VERSION,
    Accepted,
    Acknowledge,
    AskNames,
    AskStatus,
    Attach,
    Cancel,
    Cancelled,
    Chunk,
    Copy,
    Device,
    Encoding,
    Failed,
    Finished,
    Forget,
    Hello,
    Limits,
    ListModels,
    Measure,
    Measured,
    Message,
    ModelInfo,
    ModelKind,
    Models,
    Names,
    Pass,
    Phase,
    PhaseTime,
    Preview,
    Progress,
    Refused,
    ResultLayer,
    Started,
    Status,
    Submit,
    Want,
    Welcome,
)
from scumble_protocol.pairing import (
    AskClients,
    Clients,
    OfferPairing,
    Pair,
    Paired,
    PairedClient,
    PairingOffer,
    Revoke,
)
from scumble_protocol.pixels import PixelFormat, Pixels
from scumble_protocol.requests import LoadModel, Refinement, Regenerate, Remove, ShowMask, Upscale

CONTEXT = Rect(8, 4, 32, 16)
IMAGE_BYTES = bytes(range(256)) * 8
MASK_BYTES = bytes(256) + b"\xff" * 256
IMAGE = ImageRef(blobs.blob_id(IMAGE_BYTES), CONTEXT.size, PixelFormat.RGBA8)
MASK = ImageRef(blobs.blob_id(MASK_BYTES), CONTEXT.size, PixelFormat.GRAY8)

REGENERATE = Regenerate(
    model="starter",
    prompt="a red apple",
    negative="",
    strength=0.75,
    sampler=Sampler.DPMPP_2M,
    steps=20,
    cfg=7.5,
    seed=42,
    count=2,
    grow=4,
    feather=8,
    match_color=True,
    canvas=Size(64, 48),
    context=CONTEXT,
    image=IMAGE,
    mask=MASK,
    content=MaskedContent.FILL,
)
GUIDED = replace(
    REGENERATE,
    schedule=Schedule.KARRAS,
    passes=(0.5, 0.25),
    controls=(Control(ControlKind.CANNY, IMAGE, weight=0.8, end=0.5, show=True),),
    references=(Reference(ReferenceKind.STYLE, IMAGE),),
    regions=(Region("a worm", MASK),),
)
RESIZED = replace(
    REGENERATE, canvas=CONTEXT.size, context=Rect.of(CONTEXT.size), target=Size(64, 64)
)
REMOVE = Remove(grow=4, feather=8, canvas=Size(64, 48), context=CONTEXT, image=IMAGE, mask=MASK)
SHOW_MASK = ShowMask(
    strength=0.5,
    grow=4,
    feather=8,
    invert=True,
    canvas=Size(64, 48),
    context=CONTEXT,
    mask=MASK,
)
UPSCALE = Upscale(model="lanczos", scale=2.0, canvas=Size(64, 48), context=CONTEXT, image=IMAGE)
REFINE = Upscale(
    model="lanczos",
    scale=2.0,
    canvas=Size(64, 48),
    context=CONTEXT,
    image=IMAGE,
    second="4x",
    blend=0.25,
    refinement=Refinement(
        model="starter",
        prompt="an apple",
        negative="",
        strength=0.3,
        sampler=Sampler.EULER_A,
        schedule=Schedule.AUTOMATIC,
        steps=20,
        cfg=4.0,
        seed=42,
        tile=512,
    ),
)
LOAD_MODEL = LoadModel(model="owner/name")

STARTER = ModelInfo(
    id="starter",
    title="Starter",
    kind=ModelKind.DIFFUSION,
    family="sd1",
    native_side=128,
    max_side=512,
    multiple=16,
    inpaint=False,
    loaded=True,
    bytes=60_000_000,
    scale=0,
    steps=20,
    cfg=3.0,
    sampler=Sampler.DPMPP_2M,
)
HELLO = Hello(
    protocol=PROTOCOL_VERSION,
    client="krita",
    version="0.1.0",
    token="open sesame",  # noqa: S106 (nobody's)
    awaiting=("job-1",),
    encodings=(Encoding.ZLIB, Encoding.RAW),
)
WELCOME = Welcome(
    protocol=PROTOCOL_VERSION,
    version="0.1.0",
    device=Device(id="cpu", name="Some CPU", memory=8 * 2**30),
    models=(STARTER,),
    samplers=(Sampler.EULER, Sampler.DPMPP_2M),
    limits=Limits(),
    encodings=(Encoding.RAW,),
    lost=("job-0",),
    features=("regenerate", "upscale"),
)
LAYER = ResultLayer(
    rect=CONTEXT,
    image=IMAGE,
    mask=MASK,
    seed=42,
    prompt="a red apple",
    tokens=3,
    chunks=1,
    passes=(Pass("pass 1", Size(128, 64), 0.75, 15),),
)
PREVIEW_PIXELS = Pixels(Size(2, 1), PixelFormat.RGBA8, b"\x01\x02\x03\xff\x04\x05\x06\xff")

MESSAGES: dict[str, Message] = {
    "hello": HELLO,
    "submit (regenerate)": Submit(job="job-1", request=REGENERATE),
    "submit (upscale)": Submit(job="job-2", request=UPSCALE),
    "submit (load)": Submit(job="job-3", request=LOAD_MODEL),
    "submit (guided)": Submit(job="job-7", request=GUIDED),
    "submit (resized)": Submit(job="job-8", request=RESIZED),
    "submit (remove)": Submit(job="job-4", request=REMOVE),
    "submit (show mask)": Submit(job="job-5", request=SHOW_MASK),
    "submit (refine)": Submit(job="job-6", request=REFINE),
    "submit (like another)": Submit(
        job="job-9", request=SHOW_MASK, bases=(Likeness(MASK.blob, IMAGE.blob),)
    ),
    "measure": Measure(text="a red apple", model="starter"),
    "ask_names": AskNames(),
    "measured": Measured(
        text="a <lora:inc>",
        model="starter",
        tokens=1,
        chunks=1,
        kept=1,
        wrong=("No LoRA inc.",),
        room=75,
    ),
    "names": Names(loras=("ink",), embeddings=("blurry",), wildcards=("colour",)),
    "want": Want(blobs=(IMAGE.blob, MASK.blob)),
    "want (by a base)": Want(blobs=(MASK.blob,), bases=(Likeness(MASK.blob, IMAGE.blob),)),
    "copy": Copy(blob=MASK.blob, total=512, offset=256, base=IMAGE.blob, start=128, length=200),
    "chunk (raw)": Chunk(
        blob=MASK.blob, total=512, offset=510, encoding=Encoding.RAW, data=b"\xff\xff"
    ),
    "chunk (zlib)": Chunk(
        blob=IMAGE.blob,
        total=2048,
        offset=0,
        encoding=Encoding.ZLIB,
        data=b"packed",
        row=128,
        pixel=4,
    ),
    "cancel": Cancel(job="job-1"),
    "attach": Attach(job="job-1", after=2),
    "acknowledge": Acknowledge(job="job-1"),
    "forget": Forget(job="job-1"),
    "list_models": ListModels(),
    "ask_status": AskStatus(),
    "welcome": WELCOME,
    "refused": Refused(
        job="job-1",
        code=ErrorCode.QUEUE_FULL,
        message="64 jobs are waiting already.",
        hint="Wait for some to finish.",
    ),
    "models": Models(models=(STARTER,)),
    "status": Status(uptime=1.5, waiting=1, running=1, memory_used=2**30, loaded=("starter",)),
    "status (all)": Status(
        uptime=1.5,
        waiting=0,
        running=0,
        memory_used=0,
        loaded=(),
        version="1.2.3",
        device=Device("cpu", "A processor", 2**34),
        connections=2,
        restarts=1,
        kept_jobs=12,
        kept_bytes=2**20,
        keep_days=30.0,
        keep_bytes=2**33,
        keep_unseen_days=7.0,
        disk_free=2**36,
        trouble="The device hangs again and again. Restart the machine.",
    ),
    "pair": Pair(protocol=PROTOCOL_VERSION, client="the studio", nonce="0a" * 32, proof="1b" * 32),
    "paired": Paired(token="a new secret", proof="2c" * 32),  # noqa: S106 (an example)
    "offer_pairing": OfferPairing(),
    "pairing_offer": PairingOffer(
        code="K7QF-2M9X",
        seconds=600,
        addresses=("wss://192.168.1.5:7860",),
        fingerprint="3d" * 32,
    ),
    "ask_clients": AskClients(),
    "clients": Clients(
        (PairedClient("c1", "the studio", since=1_760_000_000.0, seen=0.0, connections=0),)
    ),
    "revoke": Revoke(client="c1"),
    "ask_jobs": AskJobs(before=0, most=100),
    "jobs": Jobs(
        (
            JobSummary(
                job="job-1",
                place=7,
                stage=JobStage.FINISHED,
                client="krita",
                work="regenerate",
                prompt="a red apple",
                accepted=1_760_000_000.0,
                ended=1_760_000_004.5,
                is_acknowledged=False,
                layers=1,
                bytes=2048,
                starts=1,
                error="",
            ),
        ),
        total=7,
    ),
    "accepted": Accepted(job="job-1", number=1, position=3),
    "started": Started(job="job-1", number=2),
    "progress": Progress(
        job="job-1",
        number=3,
        phase=Phase.SAMPLING,
        step=5,
        of=15,
        seconds_left=2.5,
        detail="",
    ),
    "preview": Preview(job="job-1", number=4, rect=CONTEXT, pixels=PREVIEW_PIXELS),
    "finished": Finished(
        job="job-1",
        number=5,
        request=REGENERATE,
        layers=(LAYER,),
        times=(PhaseTime(phase="sampling", seconds=1.25),),
    ),
    "failed": Failed(
        job="job-1",
        number=5,
        code=ErrorCode.OUT_OF_MEMORY,
        message="The device has too little memory.",
        hint="Choose a smaller area.",
    ),
    "cancelled": Cancelled(job="job-1", number=5),
}
