from typing import Any

class Packer:
    def pack(self, obj: Any) -> bytes: ...
