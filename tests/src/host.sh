#!/bin/bash
# Boots a root directory as a host of its own, in new namespaces, and takes all of it down when standard input ends.
#
#   host.sh outer BASE WORK FIRST    stays outside and cleans up
#   host.sh inner BASE WORK FIRST    becomes the first process of the new host
#
# BASE is only read. What the host changes is kept in memory and vanishes with it. WORK is an empty directory, with
# the socket `notify` in it where systemd says that it is up. FIRST are lines of shell, the last of which executes what becomes process 1.
# Writes the process id of that process to standard output.
set -euo pipefail

outer() {
    local groups=$work/groups own group child
    # Mounted anew, so that it does not matter where this machine has the second version of the hierarchy.
    mount --make-rprivate /
    mkdir "$groups"
    mount -t cgroup2 cgroup2 "$groups"
    own=$(sed -n 's/^0:://p' /proc/self/cgroup)
    group=$groups$own/$(basename "$work")
    mkdir "$group"
    (
        echo "$BASHPID" > "$group/cgroup.procs"
        exec setpriv --pdeathsig KILL \
            unshare --mount --pid --fork --net --uts --ipc --cgroup --kill-child \
            bash "$0" inner "$base" "$work" "$first" < /dev/null
    ) &
    child=$!
    exec 1>&2
    # The other end of this pipe belongs to the test. It closes when the test is over, however it ended.
    while read -r _; do :; done
    # unshare ends when the first process has, and that is only gone when all the others are.
    read -r first _ < "/proc/$child/task/$child/children" || true
    kill -KILL ${first:-$child} 2> /dev/null || true
    wait "$child" 2> /dev/null || true
    find "$group" -depth -type d -exec rmdir {} +
}

inner() {
    local root=$work/root changes=$work/changes node
    mount --make-rprivate /
    mkdir "$root" "$changes"
    mount -t tmpfs -o mode=755 tmpfs "$changes"
    mkdir "$changes/upper" "$changes/work"
    mount -t overlay -o "lowerdir=$base,upperdir=$changes/upper,workdir=$changes/work" overlay "$root"

    mount -t proc proc "$root/proc"
    mount -t sysfs -o ro sysfs "$root/sys"
    mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
    mount -t tmpfs -o mode=755 tmpfs "$root/run"
    mount -t tmpfs -o mode=755 tmpfs "$root/dev"
    mkdir "$root/dev/pts" "$root/dev/shm"
    mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
    ln -s pts/ptmx "$root/dev/ptmx"
    ln -s /proc/self/fd "$root/dev/fd"
    for node in null zero full random urandom tty; do
        touch "$root/dev/$node"
        mount --bind "/dev/$node" "$root/dev/$node"
    done
    touch "$root/dev/console"
    mount --bind "$work/console" "$root/dev/console"
    mkdir "$root/run/host"
    touch "$root/run/host/notify"
    mount --bind "$work/notify" "$root/run/host/notify"

    hostname readmit-test
    ip link set lo up
    cd "$root"
    mkdir -p oldroot
    pivot_root . oldroot
    # bash itself reads this, in the /proc of the machine outside: its process id there.
    read -r outside _ < /oldroot/proc/self/stat
    umount --lazy /oldroot
    rmdir /oldroot
    mount --make-rshared /
    echo "$outside"
    exec /usr/bin/env -i container=readmit-test NOTIFY_SOCKET=/run/host/notify \
        PATH=/usr/sbin:/usr/bin:/sbin:/bin /bin/sh -ec "$first" > /dev/null 2>&1
}

role=$1 base=$2 work=$3 first=$4
"$role"
