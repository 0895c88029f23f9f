#!/bin/bash
# An ICMP error names the process whose packet it quotes; the one the kernel sends about a port nobody has, nobody.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
live_begin
need ping

# b forwards, but not to these.
in_ns b sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
	echo 0 >/proc/sys/net/ipv4/icmp_ratelimit; echo 0 >/proc/sys/net/ipv6/icmp/ratelimit'
in_ns b ip route add prohibit 10.97.0.0/24
in_ns b ip -6 route add prohibit fd97::/64
in_ns a ip route add 10.97.0.0/24 via 10.98.0.2
in_ns a ip -6 route add fd97::/64 via fd98::2

# in_a COMMAND...: runs it in namespace a; sets $pid, and returns 0 however it ends
in_a()
{
	nsenter --net="$(ns_path a)" -- "$@" >"$work/out" 2>&1 &
	pid=$!
	wait $pid
	return 0
}

peer_a()
{
	in_a "$peer" "$@" --timeout $((10 * ${patience:-1}))
}

# errors IFACE DIR: who the ICMP errors are said to belong to
errors()
{
	sed -nE "/: ICMP6?,? .*(unreachable|prohibited)/s/^[^(]*\($1, proc ([^,]*:)?([0-9?]+)(, uid [0-9]+)?, $2, attr=([a-z]+).*/\2 \4/p" \
		"$work/text" | sort -u
}

# tells NAME COMMAND...: an error comes back, and is the command's
tells()
{
	local name=$1
	shift
	tap_start a --backend "$backend" -i any -v
	is "$name: listens" $? 0
	"$@"
	tap_stop
	is "$name: the error that comes in is the sender's" "$(errors "$iface" in)" "$pid icmp"
	is "$name: one that leaves is nobody's" "$(errors "$iface" out)" "$(test "$iface" = lo && echo '? none')"
}

for backend in $backends; do
	iface=veth0
	for addr in 10.98.0.2 fd98::2; do
		tells "$backend, UDP to $addr" peer_a udp-client --addr $addr --port 9 --oneway
		tells "$backend, connected UDP to $addr" peer_a udp-client --addr $addr --port 9 --oneway --connected
	done
	for addr in 10.97.0.9 fd97::9; do
		tells "$backend, TCP to $addr" peer_a tcp-client --addr $addr --port 9
		tells "$backend, UDP to $addr" peer_a udp-client --addr $addr --port 9 --oneway
		tells "$backend, ping to $addr" in_a ping -n -c 1 -W 2 $addr
	done
	iface=lo
	for addr in 127.0.0.1 ::1; do
		tells "$backend, UDP to $addr" peer_a udp-client --addr $addr --port 9 --oneway
	done

	tap_start b --backend "$backend" -i veth0 -v
	is "$backend, the other side: listens" $? 0
	peer_a udp-client --addr 10.98.0.2 --port 9 --oneway
	tap_stop
	is "$backend, the other side: the error that leaves is nobody's" "$(errors veth0 out)" "? none"
done
done_testing
