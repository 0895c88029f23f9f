#!/bin/bash
# Each hook by itself names only processes that act, however much work for other sockets is done on top of those that do not.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
live_begin
strict=$top/build/tests/strict
[ -x "$strict" ] || skip_all "$strict is not built (make all test-tools)"

# Packets wait for a timer before they leave, and are received on any CPU: not in the process that sent them.
spread()
{
	local ns=$1 dev cpus
	for dev in lo veth0; do
		in_ns "$ns" tc qdisc replace dev "$dev" root tbf rate 100mbit burst 1600 limit 1000000 || return
	done
	cpus=$(nproc --all)
	# `ip netns exec` mounts the /sys that shows the namespace's interfaces
	# shellcheck disable=SC2016 # expanded by the inner shell
	ip netns exec "$ns_prefix-$ns" sh -c 'for queue in /sys/class/net/*/queues/rx-0/rps_cpus; do
		echo "$0" >"$queue" || exit; done' "$(printf %x $(((1 << (cpus < 32 ? cpus : 32)) - 1)))" &&
		in_ns "$ns" sh -c 'echo 0 2147483647 >/proc/sys/net/ipv4/ping_group_range'
}

# Its results are ours.
retell()
{
	local line
	while IFS= read -r line; do
		case $line in
		'ok '*) tap_result 0 "$1, ${line#* - }" ;;
		'not ok '*) tap_result 1 "$1, ${line#* - }" ;;
		'#'*) diag "${line#'#   '}" ;;
		esac
	done
}

ok "packets wait and are spread in a" spread a
ok "packets wait and are spread in b" spread b
for backend in $backends; do
	ok "$backend: a bundle" "$pidtap" --cache-dir "$cache" --backend "$backend" --bundle-out "$work/bundle"
	"$strict" "$(ns_path a)" "$(ns_path b)" "$work/bundle" >"$work/results"
	is "$backend: judged to its end" "$(tail -n 1 "$work/results")" "1..$(grep -cE '^(not )?ok ' "$work/results")"
	retell "$backend" <"$work/results"
done
done_testing
