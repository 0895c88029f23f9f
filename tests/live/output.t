#!/bin/bash
# Where the capture goes: files only for their owner, pipes read live, stdout data only, names that would break a line.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
live_begin
need tshark tcpdump capinfos
backend=${backends%% *}

tap_start a --backend "$backend" -i veth0 -w "$work/x.pcapng"
ok "-w FILE: traffic" exchange a b tcp 10.98.0.1
tap_stop
is "-w FILE: mode 0600" "$(stat -c %a "$work/x.pcapng")" 600
is "-w FILE: no text" "$(cat "$work/text")" ""
ok "-w FILE: a valid file" file_is_valid "$work/x.pcapng"
ok "-w FILE: tcpdump reads it to its end" timeout 60 tcpdump -n -r "$work/x.pcapng"
like "-w FILE: tshark shows the process" "$(fields "$work/x.pcapng" frame.comment | sort -u)" \
	'pid=[0-9]+ tid=[0-9]+ uid=0 comm=tcp-server attr=exact'
# tshark 4.6 and later (Debian sid) read the Darwin process blocks: every packet that is owned shows its pid there too.
if tshark -G fields 2>/dev/null | grep -qw 'frame\.darwin\.process_info\.pid'; then
	is "-w FILE: frame.darwin.process_info.pid" \
		"$(fields "$work/x.pcapng" frame.darwin.process_info.pid | grep . | sort -u)" \
		"$(fields "$work/x.pcapng" frame.comment | grep -o '^pid=[0-9]*' | cut -d= -f2 | sort -u)"
fi

both_are_read()
{
	[ "$(grep -c '10\.98\.0\.1' "$work/read")" -ge 2 ]
}

# The reader must see the packets while the capture runs.
truth_clear
for reader in "tcpdump -l -n -r -" "tshark -l -n -r -"; do
	mkfifo "$work/pipe"
	# shellcheck disable=SC2086
	$reader <"$work/pipe" >"$work/read" 2>/dev/null &
	reader_pid=$!
	tap_out=$work/pipe tap_start a --backend "$backend" -i veth0 -w -
	ok "-w - | ${reader%% *}: traffic" exchange a b udp 10.98.0.1
	ok "-w - | ${reader%% *}: both datagrams are read while it runs" \
		wait_until 10 both_are_read
	ok "-w - | ${reader%% *}: it runs" tap_runs
	tap_stop
	is "-w - | ${reader%% *}: status 0" "$tap_status" 0
	wait "$reader_pid"
	is "-w - | ${reader%% *}: the reader saw a whole file" $? 0
	rm "$work/pipe"
done

# A reader that goes away ends it.
mkfifo "$work/pipe"
head -c 1 <"$work/pipe" >/dev/null &
tap_out=$work/pipe tap_start a --backend "$backend" -i veth0 -w -
exchange a b udp 10.98.0.1 >/dev/null
tap_wait
no "-w - and the reader is gone: it ends" test "$tap_status" = 124

it_writes()
{
	[[ $(cat "/proc/$tap_pid/wchan") == *pipe_write ]]
}

# One that stays and does not read: a signal ends it all the same, and what is missing is told.
for format in "-w -" --json -v; do
	rm "$work/pipe"
	mkfifo "$work/pipe"
	exec {stuck}<>"$work/pipe"
	# shellcheck disable=SC2086
	tap_out=$work/pipe tap_start a --backend "$backend" -i veth0 $format
	ok "$format and nobody reads: more traffic than the pipe takes" exchange a b tcp 10.98.0.1 --repeat 1000 --bytes 1000
	ok "$format and nobody reads: it waits for the pipe" wait_until 10 it_writes
	kill -s USR1 "$tap_pid"
	ok "$format and nobody reads: it still says how it goes" wait_until 10 grep -q '^pidtap: kernel: ' "$work/err"
	tap_stop
	is "$format and nobody reads: a signal ends it, with status 1" "$tap_status" 1
	ok "$format and nobody reads: it says so" \
		grep -qE '^pidtap: cannot write to standard output: its reader does not read; it holds [1-9][0-9]* packets .* and (part of one more|can be read), ' "$work/err"
	like "$format and nobody reads: what is missing is counted" "$(tap_says)" ' [1-9][0-9]* not written'
	exec {stuck}<&-
done

signals_are_taken()
{
	grep -qE '^ShdPnd:\s+0+$' "/proc/$tap_pid/status"
}

# A file's header that waits already: there are no counters to be said yet.
rm "$work/pipe"
mkfifo "$work/pipe"
exec {stuck}<>"$work/pipe"
perl -MFcntl -e 'fcntl(STDOUT, F_SETFL, O_RDWR | O_NONBLOCK); 1 while syswrite(STDOUT, "x" x 4096)' >&"$stuck"
tap_launch a --backend "$backend" -i veth0 -w "$work/pipe"
ok "-w FIFO that is full: its header waits" wait_until 20 it_writes
kill -s USR1 "$tap_pid"
ok "-w FIFO that is full: it takes SIGUSR1" wait_until 20 signals_are_taken
head -c 65536 <&"$stuck" >/dev/null
ok "-w FIFO that is full: with a reader it listens" wait_until 20 tap_listens
tap_stop
is "-w FIFO that is full: status 0" "$tap_status" 0
exec {stuck}<&-

# The first signal is the command's, also then; it ends both.
rm "$work/pipe"
mkfifo "$work/pipe"
exec {stuck}<>"$work/pipe"
# shellcheck disable=SC2016 # expanded by the inner shell
tap_out=$work/pipe tap_start a --backend "$backend" -i veth0 -v --include-unknown -- \
	sh -c 'trap "echo told >$1/told; exit 3" TERM; ping -q -f -c 1000 10.98.0.2 >/dev/null; while :; do sleep 0.1; done' sh "$work"
ok "a command, and nobody reads: it waits for the pipe" wait_until 20 it_writes
tap_stop
no "a command, and nobody reads: a signal ends it" test "$tap_status" = 124
is "a command, and nobody reads: the command got it" "$(cat "$work/told")" told
exec {stuck}<&-

truth_clear
tap_start a --backend "$backend" -i veth0 -q
ok "-q: traffic" exchange a b tcp 10.98.0.1
tap_stop
is "-q: only packets on stdout, attributed" "$(grep -cvE '^[0-9:.]+ \(veth0, proc tcp-server:[0-9]+, uid 0, (in|out)\) IP' "$work/text")" 0

truth_clear
tap_start a --backend "$backend" -i veth0 -v
ok "-v: traffic" exchange b a tcp 10.98.0.2 --thread --name $'a)\n(b c'
tap_stop
ok "-v: a name with a newline and brackets stays on its line" judge
ok "-v: the thread is named" grep -q ' tid=[0-9]* tcomm=' "$work/text"
ok "-v: time until attached" grep -qE '^pidtap: attached in [0-9.]+ ms' "$work/err"
done_testing
