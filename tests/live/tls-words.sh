# What the tests of secrets share that have a client and a server say words to each other. Sourced behind lib.sh.
# shellcheck shell=bash disable=SC2034,SC2154 # client_pid is the test's; work, patience and port are lib.sh's and its own
#
#   library PROGRAM NAME      which file that library of a program is
#   server_listens [PORT]     in namespace a
#   stop_server               $server_pid
#   converse CMD...           a client, over which the words in $words are said, each when the one before was heard: heard WORD, which
#                             is the test's, looks into $work/said (the client's) and $work/heard (the server's)

# How long the client may take, and each word, in seconds.
talk_s=20
word_s=10

library()
{
	ldd "$(command -v "$1")" | awk -v name="$2.so" 'index($1, name) == 1 { print $3; exit }'
}

server_listens()
{
	in_ns a ss -Hltn "sport = :${1:-$port}" | grep -q .
}

stop_server()
{
	kill "$server_pid"
	wait "$server_pid"
	server_pid=
} 2>/dev/null

have_session()
{
	[ -s "$work/session" ]
}

converse()
{
	local word
	rm -f "$work/line"
	mkfifo "$work/line"
	: >"$work/said"
	timeout $((talk_s * ${patience:-1})) "$@" <"$work/line" >"$work/said" 2>&1 &
	client_pid=$!
	exec 8>"$work/line"
	for word in $words; do
		if [ "$word" = GET ]; then echo "GET / HTTP/1.0"; else echo "$word"; fi >&8
		wait_until "$word_s" heard "$word" || break
	done
	[[ " $* " != *" -sess_out "* ]] || wait_until "$word_s" have_session || word=none
	exec 8>&-
	wait "$client_pid"
	[ "$word" = "${words##* }" ] && heard "$word"
}
