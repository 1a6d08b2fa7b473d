"""A client of a Scumble server that never makes its user wait.

```
client = Client(Address("ws://127.0.0.1:7860", token), name="krita", version="1.0")
client.start()
job = client.submit(request, blobs)
events = client.poll()     # every now and then
```
"""

from scumble_protocol.client.address import Address, Locate, local_server
from scumble_protocol.client.certificate import tidy_fingerprint
from scumble_protocol.client.client import Client, Draft
from scumble_protocol.client.events import ClientEvent, Connected, Disconnected, Result
from scumble_protocol.client.pairing import Pairing, pair, tidy_url
from scumble_protocol.client.servers import Servers, chosen_server, read_servers, write_servers

__all__ = [
    "Address",
    "Client",
    "ClientEvent",
    "Connected",
    "Disconnected",
    "Draft",
    "Locate",
    "Pairing",
    "Result",
    "Servers",
    "chosen_server",
    "local_server",
    "pair",
    "read_servers",
    "tidy_fingerprint",
    "tidy_url",
    "write_servers",
]
