#!/bin/bash
# The outputs on recorded records: text, JSON and pcapng byte by byte as expected, and judged by tcpdump, tshark, capinfos and perl.
#
# When a change is meant to change the outputs: tests/golden/golden.t --accept rewrites what is expected; read the diff.
set -u
cd "$(dirname "$0")/../.." || exit
. tests/tap.sh

bin=${O:-build}/tests
want=tests/golden/expected
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TZ=UTC LC_ALL=C

for program in make_records replay; do
	[ -x "$bin/$program" ] || skip_all "$bin/$program is not built: make test-tools"
done

# replay FORM [OPTION]: $work/FORM.txt, $work/FORM.json and $work/FORM.pcapng
replay()
{
	"$bin/replay" ${2:+"$2"} "$work/records" "$work/$1.txt" "$work/$1.json" "$work/$1.pcapng"
}

# Number, interface, direction and comment of each packet, as tshark reads them. Some versions pad the direction, some
# escape the backslash.
tshark_fields()
{
	tshark -r "$1" -T fields -e frame.number -e frame.interface_name -e frame.packet_flags_direction \
		-e frame.comment 2>/dev/null | sed 's/0x0*//; s/\\\\/\\/g'
}

# What tcpdump would have written for our text: the parenthesis taken out.
without_process()
{
	sed -E 's/^([0-9:.]+ )\(.*, (in|out)\) /\1/' "$1"
}

tcpdump_text()
{
	tcpdump -n "$@" -r "$work/plain.pcapng" 2>/dev/null | grep -av $'^\t'
}

# Packets we deliberately show otherwise (src/out/dissect.h): other Ethernet types, what tcpdump follows with a hex dump,
# a GSO packet above 64 KiB, in quiet mode a length below zero. Malformed packets are worded as 4.99.3 words them.
differs='ethertype|802\.3|ARP, Unknown|unknown icmp6 type|length 149960|tcp 149960|tcp \[bad'
least=200
case $(tcpdump --version 2>&1) in
*'version 4.99.3'*) ;;
*)
	differs+='|\[\||missing|bad-|invalid|bad opt|short|long'
	least=150
	;;
esac

# same_as_tcpdump FORM [OPTION]: no line differs but those that are meant to
same_as_tcpdump()
{
	local form=$1
	shift
	without_process "$work/$form.txt" >"$work/ours"
	tcpdump_text "$@" >"$work/theirs"
	is "as many lines as tcpdump ${*:--}" "$(wc -l <"$work/ours")" "$(wc -l <"$work/theirs")"
	is "the same as tcpdump -n ${*:-} behind the parenthesis" \
		"$(diff "$work/ours" "$work/theirs" | grep '^<' | grep -vE "$differs")" ""
	ok "which are compared in at least $least lines" \
		test "$(grep -cvE "$differs" "$work/ours")" -ge "$least"
}

if ! { "$bin/make_records" >"$work/records" && replay plain && replay verbose -v && replay quiet -q; }; then
	echo "Bail out! the records cannot be made or replayed"
	exit 1
fi
for form in plain verbose quiet; do
	cp "$work/$form.txt" "$work/$form"
done
tshark_fields "$work/plain.pcapng" >"$work/tshark"
sha256sum <"$work/plain.pcapng" >"$work/sha256"
cp "$work/plain.json" "$work/json"

if [ "${1:-}" = --accept ]; then
	mkdir -p "$want"
	cp "$work"/{plain,verbose,quiet,json,tshark,sha256} "$want"
	exit
fi

for form in plain verbose quiet; do
	ok "text, $form" diff -u "$want/$form" "$work/$form"
done
ok "JSON" diff -u "$want/json" "$work/json"
for form in plain verbose quiet; do
	ok "JSON, $form: a valid object a line, numbers as numbers" tests/golden/json-check "$work/$form.json" "$(wc -l <"$work/$form.txt")"
done
sed 's/"len":\([0-9]*\)/"len":"\1"/' "$work/json" >"$work/quoted"
ok "a number that is none would be noticed" bash -c '! tests/golden/json-check "$1" 2>/dev/null' - "$work/quoted"
is "JSON has the text's summaries" "$(tests/golden/json-check --get summary "$work/plain.json")" \
	"$(sed -E 's/^[0-9:.]+ \(.*, (in|out)\) //' "$work/plain.txt")"
is "and its processes, byte by byte" "$(tests/golden/json-check --get owner.comm "$work/plain.json")" \
	"$(sed -nE 's/^[^ ]+ \([^,]*, proc (\?|(.*):[0-9]+, uid [0-9]+), (in|out)\) .*/\2/p' "$work/plain.txt")"
if [ "$(printf '\1\0' | od -An -tu2 | tr -d ' ')" = 1 ]; then
	is "pcapng, byte by byte" "$(cat "$work/sha256")" "$(cat "$want/sha256")"
else
	skip "pcapng, byte by byte" "the hash is that of a little-endian machine's file"
fi
ok "text options leave the pcapng alone" cmp "$work/plain.pcapng" "$work/verbose.pcapng"

same_as_tcpdump plain
same_as_tcpdump quiet -q

packets=$(wc -l <"$work/plain")
is "tcpdump has nothing to complain about" "$(tcpdump -n -r "$work/plain.pcapng" 2>&1 >/dev/null |
	grep -v '^reading from file')" ""
is "capinfos counts the packets" "$(capinfos -Mc "$work/plain.pcapng" 2>&1 | sed -n 's/^Number of packets: *//p')" \
	"$packets"
is "capinfos sees them in order" "$(capinfos -o "$work/plain.pcapng" 2>&1 | sed -n 's/^Strict time order: *//p')" True
ok "tshark: interface, direction and comment" diff -u "$want/tshark" "$work/tshark"
is "tshark has nothing to complain about" "$(tshark -r "$work/plain.pcapng" 2>&1 >/dev/null |
	grep -v '^Running as user')" ""
is "tshark filters by comment" "$(tshark -r "$work/plain.pcapng" -Y 'frame.comment contains "comm=curl"' 2>/dev/null |
	wc -l)" "$(grep -c 'proc curl:' "$work/plain")"

# Debian sid's, where tools/vm made its tree, reads the Darwin process blocks; older ones skip them.
sid=/var/cache/pidtap-vm/sid/root
darwin_pids()
{
	"$@" tshark -r - -T fields -e frame.darwin.process_info.pid <"$work/plain.pcapng" 2>/dev/null
}

if darwin_pids env >"$work/pids" || { [ -x $sid/usr/bin/tshark ] && darwin_pids chroot $sid >"$work/pids"; }; then
	sed -E 's/^[^(]*\([^,]*, proc (\?|.*:([0-9]+), uid [0-9]+), (in|out)\) .*/\2/' "$work/plain" >"$work/pids.want"
	ok "tshark 4.6 shows the process of each packet" diff "$work/pids.want" "$work/pids"
else
	diag "no tshark 4.6 here: the Darwin process blocks are seen by the unit test only"
fi
done_testing
