#!/bin/bash
# -- COMMAND: captured with its children from its first packet, run as the user who called sudo, status returned.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
live_begin
need capinfos tshark

# A peer that is the command, or a part of it; it is where pidtap is.
client()
{
	client=("$peer" "$1" --addr 10.98.0.2 --port "$2" --name "$3" --log "$truth" --timeout $((30 * ${patience:-1})))
}

attached()
{
	in_ns a tc qdisc show dev veth0 | grep clsact
}

for backend in $backends; do
	truth_clear
	port=$(new_port)
	server_in_b tcp-server "$port"
	client tcp-client "$port" the-command
	tap_run a --backend "$backend" -i veth0 -v -- "${client[@]}"
	is "$backend: the command's status is ours" "$tap_status" 0
	ok "$backend: every packet of it is there and named" judge
	like "$backend: the first one is its SYN" "$(head -n 1 "$work/text")" \
		'proc the-command:[0-9]+, uid 0, out, attr=exact.* Flags \[S\]'
	is "$backend: of both ends the FIN is there" "$(grep -c 'Flags \[F' "$work/text")" 2
	is "$backend: no other's" "$(grep -o 'proc [^,]*' "$work/text" | sort -u | wc -l)" 1
	no "$backend: nothing stays attached" attached

	truth_clear
	port=$(new_port) other=$(new_port)
	server_in_b tcp-server "$port" && server_in_b udp-server "$other"
	client tcp-client "$port" grandchild
	inner=("${client[@]}")
	client udp-client "$other" child
	# shellcheck disable=SC2016
	tap_launch a --backend "$backend" -i veth0 -- sh -c '
		touch "$1/runs"
		until [ -e "$1/go" ]; do sleep 0.02; done
		shift
		tcp=$1
		shift
		(setsid sh -c "$tcp; :"; :) &
		"$@" && wait' sh "$work" "${inner[*]}" "${client[@]}"
	ok "$backend, children: the command runs" wait_until 60 test -e "$work/runs"
	ok "$backend, children: others' traffic" exchange a b udp 10.98.0.1
	sed -i '/ netns='"$(netns_inode a)"' /d' "$truth"
	touch "$work/go"
	tap_wait 60
	is "$backend, children: its status" "$tap_status" 0
	ok "$backend, children: every packet of them is there and named, of others none" judge
	is "$backend, children: two processes" "$(text_pids | sort -u | wc -l)" 2
	rm -f "$work/go" "$work/runs"
done

backend=${backends%% *}
run()
{
	tap_run a --backend "$backend" -i veth0 "$@"
}

run -- sh -c 'exit 7'
is "its status" "$tap_status" 7
run -- sh -c 'kill -KILL $$'
is "its signal" "$tap_status" 137
run -- no-such-command
is "one that is not there: status" "$tap_status" 127
is "one that is not there: said once" "$(grep -c '^pidtap: cannot run no-such-command: No such file or directory$' "$work/err")" 1
run -- /
is "one that cannot be run" "$tap_status" 126

tap_run a --backend "$backend" -i nosuch -- touch "$work/ran"
is "no such interface: status" "$tap_status" 1
no "no such interface: it does not run" test -e "$work/ran"

chmod 777 "$work"
tap_prefix="env SUDO_UID=65534 SUDO_GID=65534 SUDO_USER=nobody" run -w "$work/user.pcapng" -- \
	sh -c 'id -u; id -G; echo $USER $LOGNAME; grep -c "^SigIgn:.0*$" /proc/self/status'
is "who called sudo runs it" "$(tr '\n' ' ' <"$work/text")" "65534 65534 nobody nobody 1 "
tap_prefix="env SUDO_UID=x" run -- touch "$work/ran"
is "nobody knows who called: status" "$tap_status" 1
no "nobody knows who called: it does not run as root" test -e "$work/ran"

is "standard input is its own" "$(echo data | in_ns a "$pidtap" --cache-dir "$cache" -i veth0 -w "$work/in.pcapng" -- cat 2>/dev/null)" \
	data

tap_out=$work/stdout.pcapng run -w - -- echo words
is "-w -: status" "$tap_status" 0
ok "-w -: a valid file" file_is_valid "$work/stdout.pcapng"
like "-w -: its words go to standard error" "$(grep -v ^pidtap "$work/err")" '^words$'

# The capture may end first.
port=$(new_port)
server_in_b tcp-server "$port"
client tcp-client "$port" limited
# shellcheck disable=SC2016
tap_launch a --backend "$backend" -i veth0 -c 2 -- sh -c '
	shift
	"$@"
	until [ -e "$0/go" ]; do sleep 0.02; done
	exit 5' "$work" - "${client[@]}"
ok "-c: it goes on" wait_until 60 grep -q '^pidtap: the capture has ended, sh goes on' "$work/err"
no "-c: nothing is attached then" attached
touch "$work/go"
tap_wait
is "-c: its status" "$tap_status" 5
is "-c: as many packets" "$(wc -l <"$work/text")" 2
rm -f "$work/go"

# Who outlives it does not hold us.
# shellcheck disable=SC2016
run -- sh -c 'sleep 600 & echo $! >"$0/left"; exit 3' "$work"
is "a child that outlives it: status" "$tap_status" 3
ok "a child that outlives it: is left alone" kill "$(cat "$work/left")"

# waits_for_signals ACTION: a command that says it is ready, does ACTION on INT and TERM, and ends by itself only when told to
waits_for_signals()
{
	# shellcheck disable=SC2016
	tap_launch a --backend "$backend" -i veth0 -- bash -c '
		trap "$1" INT TERM
		echo $$ >"$0/pid.new" && mv "$0/pid.new" "$0/pid"
		until [ -e "$0/go" ]; do sleep 0.02; done
		exit 4' "$work" "$1"
	wait_until 60 test -s "$work/pid"
}

for signal in TERM INT; do
	rm -f "$work/pid"
	waits_for_signals 'exit 9'
	is "SIG$signal: it runs" $? 0
	tap_stop "$signal"
	is "SIG$signal: is passed on, and its status returned" "$tap_status" 9
done

rm -f "$work/pid"
waits_for_signals "touch $work/seen"
is "two signals: it runs" $? 0
kill -TERM "$tap_pid"
ok "two signals: the first one is passed on" wait_until 20 test -e "$work/seen"
ok "two signals: it goes on, and we" tap_runs
tap_stop TERM
is "two signals: the second one ends us" "$tap_status" 143
ok "two signals: and not the command" kill -0 "$(cat "$work/pid")"
like "two signals: with a report" "$(tap_says)" '^pidtap: 0 packets captured'
no "two signals: nothing stays attached" attached
touch "$work/go"

no "in another pid namespace it is refused" unshare --pid --fork --mount-proc "$pidtap" --cache-dir "$cache" -- true
like "and said why" "$(unshare --pid --fork --mount-proc "$pidtap" --cache-dir "$cache" -p 1 2>&1)" \
	'^pidtap: .* need the initial pid namespace'
done_testing
