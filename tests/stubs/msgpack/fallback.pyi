from typing import Any

class Packer:
    def pack(self, obj: Any) -> bytes: ...

def unpackb(
    packed: bytes,
    *,
    max_array_len: int = ...,
    max_map_len: int = ...,
    max_ext_len: int = ...,
    timestamp: int = ...,
) -> Any: ...
