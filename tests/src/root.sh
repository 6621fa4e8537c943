#!/bin/bash
# Makes a Debian root directory: root.sh DIRECTORY SUITE PACKAGES
# PACKAGES are names with commas between. Signatures of the archive are checked, with the keyring of this machine's Debian.
set -euo pipefail

root=$1 suite=$2 packages=$3

# Nothing in this root has to outlive a power cut, so dpkg need not wait for the disk.
mkdir -p "$root/etc/dpkg/dpkg.cfg.d"
echo force-unsafe-io > "$root/etc/dpkg/dpkg.cfg.d/test"

debootstrap --variant=minbase --include="$packages" \
    --keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
    "$suite" "$root" http://deb.debian.org/debian

# What has no place in a container, or would fetch from a network that is not there.
chroot "$root" systemctl --quiet mask \
    console-getty.service getty@tty1.service systemd-modules-load.service systemd-pstore.service \
    fstrim.timer apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer

# It is there to be tried, and Debian's own choice is the other one.
chroot "$root" systemctl --quiet disable dbus-broker.service

echo readmit-test > "$root/etc/hostname"
rm -rf "$root"/var/cache/apt/archives/*.deb
