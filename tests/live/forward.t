#!/bin/bash
# A router sees whose packets it forwards: those of sockets in other namespaces of this host, on either of its interfaces.
#
#   a 10.98.0.1 -- 10.98.0.2 b 10.95.0.1 -- 10.95.0.2 c      pidtap runs in b
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
live_begin

router_make || { echo "Bail out! no third namespace"; exit 1; }

# Of sockets that leave their address open the namespace's addresses are known, though it is not captured.
traffic()
{
	exchange c a tcp 10.95.0.2 && exchange a c tcp fd98::1 --bytes 5000 && exchange c a tcp fd95::2 --repeat 3 &&
		server_addr=0.0.0.0 exchange c a tcp 10.95.0.2 &&
		exchange c a udp 10.95.0.2 --bind 10.98.0.1 --connected && exchange a c udp fd98::1 --bind fd95::2 &&
		server_addr=0.0.0.0 exchange c a udp 10.95.0.2 && server_addr=:: exchange a c udp fd98::1
}

# judge, whatever namespace the socket is in
judge_all()
{
	"$top/tests/judge" --truth "$truth" "$work/text"
}

attrs()
{
	sed -nE 's/^[^(]*\(.*:[0-9]+, uid .*attr=([a-z]+).*/\1/p' "$work/text" | sort -u | xargs
}

# The router's own wildcard sockets hold none of that.
peer_command b tcp-server --addr 0.0.0.0 --port 7999 --ready "$work/bystander"
"${peer_command[@]}" &
disown
wait_until 10 test -e "$work/bystander"

for backend in $backends; do
	truth_clear
	tap_start b --backend "$backend" -i any -v
	is "$backend: listens" $? 0
	ok "$backend: traffic from a to c and back" traffic
	tap_stop
	ok "$backend: every packet names the process of its nearer end" judge_all
	is "$backend: found in another namespace" "$(attrs)" host

	tap_start b --backend "$backend" -i any -v
	is "$backend, refused: listens" $? 0
	peer_command a tcp-client --addr 10.95.0.2 --port 7999
	"${peer_command[@]}" 2>/dev/null &
	pid=$!
	wait $pid
	tap_stop
	is "$backend, refused: the one end there is, not the router's listener" \
		"$(sed -nE 's/^[^(]*\(veth., proc ([^,]*:)?([0-9?]+),.*7999.*/\2/p' "$work/text" | sort -u)" "$pid"
done
done_testing
