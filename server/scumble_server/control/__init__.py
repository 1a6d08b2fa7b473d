"""What guides a model besides its prompt: control pictures, references, regions, another VAE."""
