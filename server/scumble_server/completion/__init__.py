"""What is missing of a picture, put together from patches of what is there.

From coarse to fine, each missing pixel looks for the known place whose surroundings resemble its
own, and becomes what the places of its neighbourhood agree on (Wexler, Shechtman and Irani,
"Space-Time Completion of Video", 2007; the search is that of Barnes et al., "PatchMatch", 2009; the
measure of texture is that of Newson et al., "Video Inpainting of Complex Scenes", 2014).
"""
