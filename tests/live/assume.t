#!/bin/bash
# --assume-kernel: the programs an older kernel would get are right on this one too.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
live_begin

# Below 6.3 the tracepoint back-end has no hook that tells whose echo a raw socket sends.
traffic_known()
{
	traffic_tcp && traffic_udp && traffic_loopback && { [ "$1" = tracepoint ] || traffic_ping; }
}

for version in 4.9 4.14 4.19 5.1; do
	for backend in $backends; do
		truth_clear
		tap_start a --backend "$backend" --assume-kernel "$version" -i any
		is "$version, $backend: listens" $? 0
		ok "$version, $backend: traffic" traffic_known "$backend"
		tap_stop
		is "$version, $backend: status 0" "$tap_status" 0
		ok "$version, $backend: every packet names its process" judge
	done
done
done_testing
