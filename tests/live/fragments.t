#!/bin/bash
# The later fragments of a datagram name the process of the first: IPv4 and IPv6, both ways, under a filter too.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
live_begin

readonly size=4000 # three fragments of 1500 bytes

# The processes of the log that have a socket in namespace a, one a line.
pids_in_a()
{
	sed -n "s/.* pid=\([0-9]*\) .* netns=$(netns_inode a) .*/\1/p" "$truth" | sort -u
}

# pid, direction, kind and how many, of each datagram's fragments. The first one may have come by port or flow.
fragments()
{
	sed -nE '/ (UDP,|ip-proto-17|frag )/{
		s/attr=(exact|port)/first/; s/attr=frag/later/
		s/.*, proc ([^,]*:)?([0-9?]+)(, uid [0-9]+)?, (in|out), ([^ )]+)[^)]*\) .*/\2 \4 \5/p
	}' "$work/text" | sort | uniq -c | awk '{ print $2, $3, $4, $1 }'
}

fragments_of()
{
	local pid
	for pid in "$@"; do
		printf '%s\n' "$pid in first 1" "$pid in later 2" "$pid out first 1" "$pid out later 2"
	done | sort
}

datagrams()
{
	exchange a b udp 10.98.0.1 --bytes $size && exchange b a udp 10.98.0.2 --bytes $size --connected &&
		exchange a b udp fd98::1 --bytes $size && exchange b a udp fd98::2 --bytes $size
}

for backend in $backends; do
	truth_clear
	tap_start a --backend "$backend" -i veth0 -v
	is "$backend: listens" $? 0
	ok "$backend: datagrams of three fragments" datagrams
	tap_stop
	mapfile -t pids < <(pids_in_a)
	is "$backend: four processes" "${#pids[@]}" 4
	is "$backend: every fragment names its process" "$(fragments)" "$(fragments_of "${pids[@]}")"

	truth_clear
	tap_start a --backend "$backend" -i veth0 -v --uid 65534
	is "$backend, a filter: listens" $? 0
	ok "$backend, a filter: datagrams of others" exchange a b udp 10.98.0.1 --bytes $size
	truth_clear
	ok "$backend, a filter: datagrams of the user's" exchange b a udp 10.98.0.2 --bytes $size --uid 65534
	tap_stop
	is "$backend, a filter: all fragments of the user's, none of others" "$(fragments)" "$(fragments_of "$(pids_in_a)")"
done
done_testing
