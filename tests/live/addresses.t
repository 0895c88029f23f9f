#!/bin/bash
# An address that comes while it captures is known to be its namespace's own, and one that went is no longer: it tells what passes
# by from what is for a socket here that leaves its own address open. So it is of a namespace that is not captured.
#
#   a 10.98.0.1 -- 10.98.0.2 b 10.95.0.1 -- 10.95.0.2 c      pidtap runs in b; 10.94.0.1 is on b, then on c
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
live_begin

router_make || { echo "Bail out! no third namespace"; exit 1; }

move_to_b()
{
	in_ns b ip address add 10.94.0.1/32 dev lo && in_ns b ip address add fd94::1/128 dev lo nodad
}

move_to_c()
{
	in_ns b ip address del 10.94.0.1/32 dev lo && in_ns c ip address add 10.94.0.1/32 dev lo &&
		in_ns b ip route add 10.94.0.1 via 10.95.0.2
}

move_nowhere()
{
	in_ns b ip route del 10.94.0.1
	in_ns b ip address del fd94::1/128 dev lo
	in_ns c ip address del 10.94.0.1/32 dev lo
}

# server NS ADDRESS: on port 6001; sets $server_pid
server()
{
	rm -f "$work/server.ready"
	peer_command "$1" udp-server --addr "$2" --port 6001 --repeat 0 --name "server-$1" --ready "$work/server.ready"
	"${peer_command[@]}" &
	server_pid=$!
	disown
	wait_until 10 test -e "$work/server.ready"
}

ask()
{
	peer_in a udp-client --addr 10.94.0.1 --port 6001
}

judge_b()
{
	judge_ns=b judge
}

# Whom the last packet on its way through b to 10.94.0.1 names.
passing_pid()
{
	sed -nE 's/^[^(]*\(veth0, proc ([^,]*:)?([0-9?]+),.* > 10\.94\.0\.1\.6001: .*/\2/p' "$work/text" | tail -n 1
}

# b believes it its own until the packets of that time have been judged.
names_c()
{
	ask && [ "$(passing_pid)" = "$server_c" ]
}

for backend in $backends; do
	truth_clear
	tap_start b --backend "$backend" -i any
	is "$backend: listens" $? 0
	ok "$backend: addresses come" move_to_b
	server_addr=0.0.0.0 exchange b a udp 10.94.0.1
	is "$backend: traffic to an address that came" $? 0
	server_addr=:: exchange b a udp fd94::1
	is "$backend: and over IPv6" $? 0
	server b 0.0.0.0
	server_b=$server_pid
	ok "$backend: to one that stays" ask
	ok "$backend: every packet names its process" wait_until 5 judge_b
	ok "$backend: it goes elsewhere" move_to_c
	server c 0.0.0.0
	server_c=$server_pid
	ok "$backend: what passes by is not for who listens here" wait_until 5 names_c
	ok "$backend: again" ask
	tap_stop
	is "$backend: nor is it a moment later" "$(passing_pid)" "$server_c"
	kill "$server_b" "$server_c"
	move_nowhere
done
done_testing
