#!/bin/bash
# --assume-kernel: the programs an older kernel would get are right on this one too.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
live_begin

# All of them on one kernel with kprobes; on the others, which are emulated and slow, the one with the least.
versions="4.9 4.14 4.19 5.1"
case ${PIDTAP_VM:-bookworm} in bookworm) ;; *) versions=4.9 ;; esac

for version in $versions; do
	for backend in $backends; do
		truth_clear
		tap_start a --backend "$backend" --assume-kernel "$version" -i any
		is "$version, $backend: listens" $? 0
		ok "$version, $backend: traffic" traffic_all
		tap_stop
		is "$version, $backend: status 0" "$tap_status" 0
		ok "$version, $backend: every packet names its process" judge
	done
done
done_testing
