#!/bin/sh
# Runs a command as the container does, without one: a root of its own that nothing can be written to, user 10001, no
# capabilities, no new privileges, few processes, and only /data and /tmp to write to.
#
# Usage, as root and inside new mount and PID namespaces (see confined.py), in an environment for the command alone:
#   confined.sh FOLDER DATA CHECKOUT PYTHON-FOLDERS COMMAND...
# FOLDER is an empty folder for the new root, PYTHON-FOLDERS are separated by colons.
set -eu
root=$1 data=$2 checkout=$3 pythons=$4
shift 4

bind() { # SOURCE TARGET OPTIONS
    mkdir -p "$2"
    mount --bind "$1" "$2"
    mount -o "remount,bind,$3" "$2"
}

mount -t tmpfs -o mode=0755,size=1m tmpfs "$root"
mkdir "$root/tmp" "$root/proc" "$root/dev" "$root/srv"
mount -t tmpfs -o mode=1777,size=64m,nosuid,nodev,noexec tmpfs "$root/tmp"
for name in bin sbin lib lib64; do
    if [ -L "/$name" ]; then cp -P "/$name" "$root/$name"; elif [ -d "/$name" ]; then bind "/$name" "$root/$name" ro,nosuid; fi
done
for folder in /usr /etc $(echo "$pythons" | tr : ' '); do
    [ -d "$root$folder/bin" ] || bind "$folder" "$root$folder" ro,nosuid
done
bind "$checkout/bot" "$root/app/bot" ro,nosuid,nodev,noexec
bind "$checkout/providers" "$root/app/providers" ro,nosuid,nodev,noexec
bind "$data" "$root/data" rw,nosuid,nodev,noexec
mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
for device in null zero random urandom; do
    touch "$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
mount -o remount,ro,mode=0755,nosuid,nodev tmpfs "$root"

exec "$(PATH="$PATH:/usr/sbin:/sbin" command -v chroot)" "$root" prlimit --nproc=128:128 setpriv --reuid 10001 --regid 10001 --clear-groups --no-new-privs \
    --inh-caps=-all --ambient-caps=-all --bounding-set=-all env -C /srv "$@"
