"""From what a painter writes to what a model reads: choices, LoRAs, weights, chunks, embeddings.

    choices      `{a|b}` and `__name__` are decided by the seed
    tags         `<lora:name:0.8>` is taken out
    attention    `(word:1.3)` becomes passages with weights, in sections parted by BREAK
    tokens       passages become tokens, names of textual inversions their vectors
    chunks       tokens become chunks as long as the text encoder reads at once
    encoding     chunks become what the UNet is told

`wording.py` does the first three for a request, before any model is loaded. Only `encoding`, `lora`
and the reading of weights need torch.
"""
