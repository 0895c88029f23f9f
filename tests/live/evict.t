#!/bin/bash
# Owner maps in which the kernel makes no room by itself (below 4.10, here by --assume-kernel), and too many sockets for them:
# nobody is named for another's packet, and what was refused and evicted is told.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
live_begin
readonly conns=300 pairs=50
port=20000

# One after the other, through few socket addresses.
many_conns()
{
	server_options="--conns $conns" exchange b a tcp 10.98.0.2 --conns "$conns"
}

# Pairs of processes that keep their sockets open for longer than pidtap leaves its maps alone. The clients begin at once, so
# that more sockets are open than the maps hold, however slow the machine.
crowd()
{
	local peers=() pid status=0
	rm -f "$work"/crowd.*
	crowd_side b server
	wait_until 20 servers_are_ready || status=1
	crowd_side a client --wait "$work/crowd.go" --interval-ms 100
	touch "$work/crowd.go"
	for pid in "${peers[@]}"; do
		wait "$pid" || status=1
	done
	port=$((port + pairs))
	return "$status"
}

# crowd_side NS server|client OPTIONS...: one half of each pair; adds to $peers
crowd_side()
{
	local ns=$1 side=$2 i proto peer_command
	shift 2
	for ((i = 0; i < pairs; i++)); do
		proto=$([ $((i % 2)) = 0 ] && echo tcp || echo udp)
		peer_command "$ns" "$proto-$side" --addr 10.98.0.2 --port $((port + i)) --name "$proto-$side" --repeat 20 \
			--ready "$work/crowd.$side.$i" "$@"
		"${peer_command[@]}" &
		peers+=($!)
	done
}

servers_are_ready()
{
	[ "$(find "$work" -name 'crowd.server.*' | wc -l)" = "$pairs" ]
}

# SIGUSR1 makes it say what became of the owners.
has_cleared()
{
	kill -s USR1 "$tap_pid"
	grep -qE '^pidtap: kernel: .* [1-9][0-9]* cleared away' "$work/err"
}

nobody_is_wrong()
{
	judge | tee "$work/verdict" | grep -qE '^judge: packets=.* right=[1-9][0-9]* .*wrong=0 .*unexplained=0$' ||
		{ cat "$work/verdict"; return 1; }
}

for backend in $backends; do
	truth_clear
	tap_start a --backend "$backend" --assume-kernel 4.9 -i any
	is "$backend, room enough: listens" $? 0
	ok "$backend, room enough: traffic" many_conns
	tap_stop
	ok "$backend, room enough: every packet names its process" judge
	no "$backend, room enough: nothing is refused or evicted" grep -E 'refused by|evicted in' "$work/err"

	truth_clear
	tap_start a --backend "$backend" --assume-kernel 4.9 --map-size 64 -i any
	is "$backend, too little room: listens" $? 0
	crowd
	is "$backend, too little room: a crowd" $? 0
	ok "$backend, too little room: many connections" many_conns
	ok "$backend, too little room: flows of sockets that are gone are cleared away" wait_until 10 has_cleared
	tap_stop
	is "$backend, too little room: status 0" "$tap_status" 0
	ok "$backend, too little room: nobody is wrong" nobody_is_wrong
	like "$backend, too little room: evictions and refusals are told" "$(tap_says)" \
		' [1-9][0-9]* owners evicted in the kernel \(--map-size\), [1-9][0-9]* owners refused by the full kernel maps'
done
done_testing
