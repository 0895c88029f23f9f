#!/bin/bash
# What pidtap's live tests need of a machine, checked by itself (TAP): when they
# fail in a virtual machine, this says whether the machine is at fault.
#   tools/vm/vm run RELEASE -- tests/vm/machine.sh
# shellcheck disable=SC2317 # the functions are called through check
set -u

count=0 failed=0 detail=

# check NAME COMMAND...: a command that is quiet when it succeeds
check()
{
	local name=$1
	shift
	count=$((count + 1))
	if detail=$("$@" 2>&1); then
		echo "ok $count - $name"
	else
		failed=1
		echo "not ok $count - $name"
		printf '%s\n' "${detail:-(no output)}" | sed 's/^/# /'
	fi
}

kernel=$(uname -r)

mounted()
{
	[ "$(stat -fc %T "$1")" = "$2" ] || { stat -fc "%T, not $2" "$1"; return 1; }
}

has_symbol()
{
	grep -qw "$1" /proc/kallsyms
}

owned_by_root()
{
	[ "$(stat -c '%U %a' "$1")" = 'root 755' ] || { stat -c '%U %a' "$1"; return 1; }
}

survives_rename()
{
	echo x >"$1/.machine.$$" && mv "$1/.machine.$$" "$1/.machine" && rm "$1/.machine"
}

# A device made without modprobe: the kernel must be able to ask for the module.
autoload()
{
	ip link add "m-$1" type "$1" && ip link del "m-$1"
}

veth_pair()
{
	ip netns add m1 && ip link add m-veth type veth peer name m-peer netns m1
}

vlan()
{
	ip link add link m-veth name m-vlan type vlan id 5 && ip link del m-vlan
}

tun()
{
	ip tuntap add dev m-tun mode tun && ip tuntap del dev m-tun mode tun
}

# clsact and cls_bpf are modules on Debian; classic BPF needs no compiler.
clsact()
{
	tc qdisc add dev m-veth clsact &&
		tc filter add dev m-veth egress bpf bytecode '1,6 0 0 0'
}

# Events through tracefs, as below 4.17: what, where, then a command that hits it.
event_fires()
{
	local file=/sys/kernel/tracing/$1 definition=$2 enable=/sys/kernel/tracing/events/machine
	shift 2
	echo "$definition" >>"$file" || return
	: >/sys/kernel/tracing/trace
	echo 1 >"$enable/enable"
	"$@" >/dev/null 2>&1
	echo 0 >"$enable/enable"
	grep -q hit: /sys/kernel/tracing/trace
	local found=$?
	echo '-:machine/hit' >>"$file"
	[ "$found" = 0 ] || echo "no hit by '$*'"
	return "$found"
}

# The root is an overlay: a uprobe must still find its file.
uprobe()
{
	local python sym
	python=$(readlink -f "$(command -v python3)")
	sym=$(python3 - "$python" <<-'END'
		import struct, sys
		data = open(sys.argv[1], "rb").read()
		entry = struct.unpack_from("<Q", data, 24)[0]
		phoff, = struct.unpack_from("<Q", data, 32)
		size, num = struct.unpack_from("<HH", data, 54)
		for i in range(num):
		    kind, _, off, addr, _, filesz = struct.unpack_from("<IIQQQQ", data, phoff + i * size)
		    if kind == 1 and addr <= entry < addr + filesz:
		        print(hex(entry - addr + off))
	END
	)
	event_fires uprobe_events "p:machine/hit $python:$sym" "$python" -c pass
}

connect()
{
	socat -u OPEN:/dev/null TCP:127.0.0.1:9
}

echo "# kernel $kernel, $(nproc) CPUs, up $(cut -d' ' -f1 /proc/uptime) s"
check "headers of this kernel" test -e "/lib/modules/$kernel/build/include/generated/autoconf.h"
check "tracefs" mounted /sys/kernel/tracing tracefs
check "debugfs" mounted /sys/kernel/debug debugfs
check "bpffs" mounted /sys/fs/bpf bpf_fs
check "cgroup2" mounted /sys/fs/cgroup cgroup2fs
check "kallsyms has tcp_connect" has_symbol tcp_connect
check "the kernel has BPF" test -e /proc/sys/kernel/unprivileged_bpf_disabled
check "the bundle cache is root's, 0755" owned_by_root /var/cache/pidtap
check "files in the bundle cache" survives_rename /var/cache/pidtap
check "files in the out folder" survives_rename /var/cache/pidtap-vm-out
check "lo is up" ping -qc1 -W5 127.0.0.1
check "lo is up for IPv6" ping -qc1 -W5 ::1
check "network namespaces, veth" veth_pair
for kind in dummy bridge wireguard; do
	check "$kind by autoload" autoload "$kind"
done
check "VLANs" vlan
check "tun" tun
check "clsact, cls_bpf" clsact
check "kprobe fires" event_fires kprobe_events 'p:machine/hit tcp_connect' connect
check "uprobe fires" uprobe
echo "1..$count"
exit "$failed"
