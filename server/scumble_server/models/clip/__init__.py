"""The vocabulary of OpenAI's CLIP, which every Stable Diffusion model reads its prompt with."""
