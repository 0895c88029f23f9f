# Two private network namespaces joined by a veth pair, and traffic in them whose truth is known.
# Sourced by tests/live/lib.sh and tools/demo.
# shellcheck shell=bash
#
#   a: 10.98.0.1 fd98::1      b: 10.98.0.2 fd98::2      veth0 in both; lo is up in both
#
# The caller sets:  work    a private directory that other users may search
#                   peer    tests/peer, built
# and gets:         truth   what the peers log, for tests/judge --truth
# traffic_end must run on every way out.

# An emulated machine needs more patience than a real one.
readonly patience=${PIDTAP_PATIENCE:-${PIDTAP_VM:+8}}
readonly ping_count=2

# A sleep of 20 ms that starts no program, which in an emulated machine takes longer than what is waited for. Nor is it bash's
# read -t: below 5.2 (Debian 11) an alarm that comes before the read has begun is lost, and it reads for ever.
coproc napper {
	# shellcheck disable=SC2016 # perl's
	exec perl -e '$SIG{$_} = "IGNORE" for qw(INT TERM HUP); $| = 1;
		while (<STDIN>) { select(undef, undef, undef, 0.02); print "\n" }'
}
exec {nap_ask}>&"${napper[1]}" {nap_answer}<&"${napper[0]}"
disown -a # it ends with the last who could ask; the job list is for those that must be ended

nap()
{
	echo >&"$nap_ask" && read -ru "$nap_answer" _
}

# wait_until SECONDS CONDITION ARGS...: 0 as soon as the condition holds, 1 when time is over
wait_until()
{
	local deadline=$((SECONDS + $1 * ${patience:-1}))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$deadline" ] || return 1
		nap
	done
}

# process_runs PID: it is there and no zombie
process_runs()
{
	local stat
	{ read -r stat <"/proc/$1/stat"; } 2>/dev/null && [[ ${stat##*) } != [ZX]* ]]
}

# Process numbers are compared with the kernel's own, which are those of the initial pid namespace (its inode is fixed:
# PROC_PID_INIT_INO, include/linux/proc_ns.h).
pids_are_global()
{
	[ "$(readlink /proc/self/ns/pid)" = 'pid:[4026531836]' ]
}

traffic_begin()
{
	ns_prefix=pidtap-$$
	truth=$work/truth
	truth_clear
	traffic_sweep
	topology_make
}

# What runs that were killed left behind: their addresses are those of ours, and where two namespaces have one address it is not
# certain whose a forwarded packet is.
traffic_sweep()
{
	local ns pid
	for ns in /run/netns/pidtap-*; do
		pid=${ns##*/pidtap-}
		pid=${pid%%-*}
		[[ ! $pid =~ ^[0-9]+$ ]] || [ -e "/proc/$pid" ] || ip netns delete "${ns##*/}" 2>/dev/null
	done
}

topology_make()
{
	netns_add a && netns_add b &&
		ip link add veth0 netns "$ns_prefix-a" type veth peer name veth0 netns "$ns_prefix-b" &&
		netns_address a 1 && netns_address b 2 &&
		wait_until 5 netns_is_up a && wait_until 5 netns_is_up b
}

# Processes first: a namespace lives as long as one is in it.
traffic_end()
{
	local ns
	for ns in "${ns_added[@]}"; do
		ip netns pids "$ns" 2>/dev/null | xargs -r kill -KILL 2>/dev/null
		ip netns delete "$ns" 2>/dev/null
	done
	ns_added=()
}

ns_added=()

# No duplicate address detection and no router solicitations: an address must be usable at once.
netns_add()
{
	ip netns add "$ns_prefix-$1" || return
	ns_added+=("$ns_prefix-$1")
	in_ns "$1" sh -ec 'for conf in all default; do
			echo 0 >/proc/sys/net/ipv6/conf/$conf/accept_dad
			echo 0 >/proc/sys/net/ipv6/conf/$conf/router_solicitations
		done' && ip -n "$ns_prefix-$1" link set lo up
}

# A neighbour is asked for once a second until it answers, not three times: on a machine that is held up for longer the first packet
# of all would be dropped, and who awaits its answer hang.
netns_address()
{
	in_ns "$1" sh -c 'for family in ipv4 ipv6; do echo 60 >/proc/sys/net/$family/neigh/veth0/mcast_solicit; done' &&
		ip -n "$ns_prefix-$1" -batch - <<-END
			address add 10.98.0.$2/24 dev veth0
			address add fd98::$2/64 dev veth0 nodad
			link set veth0 up
		END
}

# b becomes the router to a third one: 10.95.0.1 fd95::1 on b, 10.95.0.2 fd95::2 on c, veth1 in both.
router_make()
{
	local end
	netns_add c && ip link add veth1 netns "$ns_prefix-b" type veth peer name veth1 netns "$ns_prefix-c" || return
	for end in b=1 c=2; do
		ip -n "$ns_prefix-${end%=*}" -batch - <<-END || return
			address add 10.95.0.${end#*=}/24 dev veth1
			address add fd95::${end#*=}/64 dev veth1 nodad
			link set veth1 up
		END
	done
	in_ns b sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward && echo 1 >/proc/sys/net/ipv6/conf/all/forwarding' &&
		in_ns a ip route add default via 10.98.0.2 && in_ns a ip -6 route add default via fd98::2 &&
		in_ns c ip route add default via 10.95.0.1 && in_ns c ip -6 route add default via fd95::1 &&
		wait_until 5 router_is_up
}

router_is_up()
{
	in_ns c ip -o link show dev veth1 | grep -q LOWER_UP && in_ns b ip -o link show dev veth1 | grep -q LOWER_UP
}

netns_is_up()
{
	[[ $(ip -n "$ns_prefix-$1" -o link show dev veth0) == *LOWER_UP* ]] &&
		[[ $(ip -n "$ns_prefix-$1" -o -6 address show dev veth0) != *tentative* ]]
}

ns_path()
{
	echo "/run/netns/$ns_prefix-$1"
}

# Not `ip netns exec`: that one remounts /sys, which hides bpffs and tracefs.
in_ns()
{
	local ns=$1
	shift
	nsenter --net="$(ns_path "$ns")" -- "$@"
}

netns_inode()
{
	stat -L -c %i "$(ns_path "$1")"
}

truth_clear()
{
	: >"$truth"
	chmod 666 "$truth" # peers of other users append to it
}

# peer_command NS ROLE OPTIONS...: sets $peer_command. For the background, where $! must be the peer itself: a function there
# is a shell that waits for it.
peer_command()
{
	local ns=$1
	shift
	peer_command=(nsenter "--net=$(ns_path "$ns")" -- "$peer" "$@" --log "$truth" --timeout $((30 * ${patience:-1})))
}

peer_in()
{
	local peer_command
	peer_command "$@"
	"${peer_command[@]}"
}

# A port nobody has used yet, also not in another subshell of this test.
new_port()
{
	echo >>"$work/ports"
	echo $((7000 + $(wc -l <"$work/ports")))
}

# server_in_b ROLE PORT OPTIONS...: until it can be reached
server_in_b()
{
	local role=$1 port=$2 peer_command
	shift 2
	peer_command b "$role" --addr 10.98.0.2 --port "$port" --ready "$work/ready.$port" "$@"
	"${peer_command[@]}" &
	wait_until 10 test -e "$work/ready.$port"
}

# exchange SERVER-NS CLIENT-NS tcp|udp ADDRESS [CLIENT-OPTION...]: a server, a client that talks to it, both to their
# end. The address is the server's, as the client names it; $server_options are the server's further ones.
exchange()
{
	local sns=$1 cns=$2 proto=$3 addr=$4 port server status=0 peer_command
	shift 4
	port=$(new_port)
	# shellcheck disable=SC2086
	peer_command "$sns" "$proto-server" --addr "${server_addr:-$addr}" --port "$port" --name "$proto-server" \
		--ready "$work/ready.$port" ${server_options:-}
	"${peer_command[@]}" &
	server=$!
	wait_until 10 test -e "$work/ready.$port" &&
		peer_in "$cns" "$proto-client" --addr "$addr" --port "$port" --name "$proto-client" "$@" || status=1
	[ "$status" = 0 ] || kill "$server" 2>/dev/null
	wait "$server" && return "$status"
}

# ping_from NS ADDRESS: the truth is the process; raw sockets choose their own identifier
ping_from()
{
	local ns=$1 addr=$2
	# shellcheck disable=SC2016 # expanded by the inner shell
	in_ns "$ns" sh -c '
		echo "role=ping pid=$$ tid=$$ uid=0 netns=$4 comm=ping proto=icmp" \
			"laddr=any lport=any raddr=$1 rport=any" >>"$3"
		exec ping -n -q -i 0.2 -c "$2" "$1"
	' sh "$addr" "$ping_count" "$truth" "$(netns_inode "$ns")" >/dev/null
}

# Every kind of exchange attribution must be right for, seen from namespace a.
traffic_all()
{
	traffic_tcp && traffic_udp && traffic_loopback && traffic_ping
}

traffic_tcp()
{
	exchange a b tcp 10.98.0.1 &&
		exchange b a tcp 10.98.0.2 --repeat 3 &&
		exchange a b tcp fd98::1 --bytes 5000 &&
		exchange b a tcp fd98::2 --thread --uid 65534 &&
		server_options="--conns 3" exchange b a tcp 10.98.0.2 --conns 3 &&
		server_addr=0.0.0.0 exchange a b tcp 10.98.0.1 &&
		server_addr=:: server_options=--dual exchange a b tcp 10.98.0.1
}

traffic_udp()
{
	exchange a b udp 10.98.0.1 &&
		exchange b a udp 10.98.0.2 &&
		exchange b a udp 10.98.0.2 --connected &&
		exchange a b udp fd98::1 &&
		exchange b a udp fd98::2 &&
		exchange b a udp fd98::2 --connected --thread &&
		server_addr=0.0.0.0 server_options="--repeat 3" exchange a b udp 10.98.0.1 --repeat 3 &&
		server_addr=:: server_options=--dual exchange a b udp 10.98.0.1
}

traffic_loopback()
{
	exchange a a tcp 127.0.0.1 &&
		exchange a a tcp ::1 &&
		exchange a a tcp 10.98.0.1 &&
		exchange a a udp 127.0.0.1 &&
		exchange a a udp ::1 --connected
}

traffic_ping()
{
	ping_from a 10.98.0.2 && ping_from a fd98::2 && ping_from b 10.98.0.1 && ping_from b fd98::1
}
