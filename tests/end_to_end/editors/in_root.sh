#!/bin/bash
# in_root.sh ROOT WORK COMMAND…: runs COMMAND inside the Debian in the folder ROOT.
#
# It gets a mount namespace of its own, so there is nothing to unmount afterwards. WORK is seen at
# the same path inside and out. Loopback and process ids are the caller's, so that signals, exit
# codes and ports just work. IN_ROOT_ENV="NAME=VALUE …" passes variables in.
set -euo pipefail
export IN_ROOT_FOLDER=$1 IN_ROOT_WORK=$2 IN_ROOT_ENV="${IN_ROOT_ENV:-}"
shift 2
exec unshare --mount --propagation private -- /bin/bash -euc '
  mount --bind /proc "$IN_ROOT_FOLDER/proc"
  mount --rbind /dev "$IN_ROOT_FOLDER/dev"
  mkdir -p "$IN_ROOT_FOLDER$IN_ROOT_WORK" "$IN_ROOT_WORK/home" "$IN_ROOT_WORK/tmp"
  mount --bind "$IN_ROOT_WORK" "$IN_ROOT_FOLDER$IN_ROOT_WORK"
  mount -t tmpfs tmpfs "$IN_ROOT_FOLDER/run"
  exec chroot "$IN_ROOT_FOLDER" /usr/bin/env -i \
    PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
    HOME="$IN_ROOT_WORK/home" \
    XDG_CONFIG_HOME="$IN_ROOT_WORK/home/.config" \
    XDG_CACHE_HOME="$IN_ROOT_WORK/home/.cache" \
    XDG_DATA_HOME="$IN_ROOT_WORK/home/.local/share" \
    XDG_RUNTIME_DIR=/run TMPDIR="$IN_ROOT_WORK/tmp" NO_AT_BRIDGE=1 GTK_A11Y=none \
    ${DISPLAY:+DISPLAY=$DISPLAY} $IN_ROOT_ENV "$@"
' in_root "$@"
