# What the live tests share: private namespaces, pidtap started and stopped in them, reasons to skip. Sourced.
# shellcheck shell=bash
#
# A test begins with:  . "$(dirname "$0")/lib.sh"; live_begin
# and then has         $work, the functions of tests/tap.sh and tests/traffic.sh, and those below.
# Everything is cleaned up when it ends, however it ends. Nothing here waits but for a condition, and that bounded.
#
# PIDTAP_BACKENDS    which back-ends to test ("kprobe tracepoint"); default: those this kernel can
# PIDTAP_NO_SKIP=1   (or CI=true) a skip is a failure, unless the kernel lacks something
# PIDTAP_TEST_CACHE  where compiled bundles are kept between tests

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
pidtap=${PIDTAP:-$top/build/pidtap}
peer=$top/build/tests/peer
# shellcheck source=tests/tap.sh
. "$top/tests/tap.sh"
# shellcheck source=tests/traffic.sh
. "$top/tests/traffic.sh"

live_begin()
{
	local program
	[ "$(id -u)" = 0 ] || skip_all "needs root"
	pids_are_global || skip_all "needs the initial pid namespace: not in a container"
	for program in "$pidtap" "$peer"; do
		[ -x "$program" ] || skip_all "$program is not built (make all test-tools)"
	done
	work=$(mktemp -d)
	chmod 711 "$work"
	trap live_end EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	cache=${PIDTAP_TEST_CACHE:-${PIDTAP_VM:+/var/cache/pidtap}}
	cache=${cache:-$top/build/tests/cache}
	install -d -m 700 "$cache"
	backends=${PIDTAP_BACKENDS:-$(kernel_backends)}
	traffic_begin || { echo "Bail out! no network namespaces"; exit 1; }
}

live_end()
{
	local status=$?
	trap - EXIT
	traffic_end
	[ -z "${tap_pid:-}" ] || kill -KILL "$tap_pid" 2>/dev/null
	jobs -p | xargs -r kill -KILL 2>/dev/null
	wait 2>/dev/null
	! mountpoint -q "$work/small" || umount "$work/small"
	rm -rf "$work"
	exit "$status"
}

# The tracepoint back-end's tracepoints are there in every kernel of the matrix (4.16 and later).
kernel_backends()
{
	if [ -e /sys/bus/event_source/devices/kprobe ] || grep -qs '^CONFIG_KPROBES=y' <(zcat /proc/config.gz 2>/dev/null); then
		echo kprobe tracepoint
	else
		echo tracepoint
	fi
}

# need PROGRAM...: programs without which the test means nothing
need()
{
	local program
	for program in "$@"; do
		command -v "$program" >/dev/null || skip_all "$program is not installed (tools/install-deps check)"
	done
}

# tap_start NS OPTIONS...: pidtap in a namespace, until it listens. Sets tap_pid; its streams go to $work/text, $work/err.
tap_start()
{
	tap_launch "$@"
	if wait_until 60 tap_is_settled && tap_listens; then
		return
	fi
	diag "pidtap $*: does not listen:"
	diag "$(cat "$work/err")"
	return 1
}

# The same without waiting. $tap_out: where its stdout goes, appended, if not to $work/text, which is emptied. $tap_prefix: a
# command that runs it.
# bash starts background jobs with SIGINT ignored; a user's shell does not.
tap_launch()
{
	local ns=$1
	shift
	: >"$work/err"
	[ -n "${tap_out:-}" ] || : >"$work/text"
	# shellcheck disable=SC2086 # words of a command
	nsenter --net="$(ns_path "$ns")" -- env --default-signal=INT ${tap_prefix:-} "$pidtap" --cache-dir "$cache" "$@" \
		>>"${tap_out:-$work/text}" 2>"$work/err" &
	tap_pid=$!
}

tap_listens()
{
	local line
	while read -r line; do
		[[ $line != 'pidtap: listening on'* ]] || return 0
	done <"$work/err"
	return 1
}

tap_is_settled()
{
	tap_listens || ! tap_runs
}

tap_runs()
{
	process_runs "$tap_pid"
}

tap_is_over()
{
	! tap_runs
}

# tap_wait [SECONDS]: waits for its end; sets tap_status, 124 if it had to be killed
tap_wait()
{
	if wait_until "${1:-20}" tap_is_over; then
		wait "$tap_pid"
		tap_status=$?
	else
		kill -KILL "$tap_pid"
		wait "$tap_pid"
		tap_status=124
		diag "pidtap did not end by itself"
	fi 2>/dev/null
	tap_pid=
}

# tap_stop [SIGNAL]: ends it, sets tap_status
tap_stop()
{
	kill -s "${1:-TERM}" "$tap_pid" 2>/dev/null
	tap_wait
}

# tap_run NS OPTIONS...: pidtap until it ends by itself; sets tap_status
tap_run()
{
	tap_launch "$@"
	tap_wait 60
}

# The last error line; the text of the one line that was to be said.
tap_says()
{
	tail -n 1 "$work/err"
}

# judge [OPTIONS...]: whether every packet pidtap printed in namespace a names its process
judge()
{
	"$top/tests/judge" --netns "$(netns_inode "${judge_ns:-a}")" --truth "$truth" "$@" "$work/text"
}

# fields FILE FIELD...: of a pcapng, tab-separated
fields()
{
	local file=$1 args=() field
	shift
	for field in "$@"; do
		args+=(-e "$field")
	done
	timeout $((60 * ${patience:-1})) tshark -r "$file" -T fields "${args[@]}" 2>/dev/null
}

# file_is_valid FILE: tshark and capinfos read it to its end without a complaint
file_is_valid()
{
	timeout $((60 * ${patience:-1})) capinfos "$1" && timeout $((60 * ${patience:-1})) tshark -r "$1" -w /dev/null
}

packets_in()
{
	capinfos -M -T -r -c "$1" | cut -f 2
}

# The pid of each packet, in order, `?` where nobody is named: of the text, and of a pcapng.
text_pids()
{
	sed -nE 's/^[^(]*\([^,]*, proc (\?|.*:([0-9]+), uid [0-9]+)(, .*)?, (in|out)\) .*/\1 \2/p' "$work/text" |
		sed -E 's/^\?.*/?/; s/.* //'
}

file_pids()
{
	fields "$1" frame.comment | sed -E 's/^(.*[ \t])?pid=([0-9]+)( .*)?$/\2/; t; s/.*/?/'
}
