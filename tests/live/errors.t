#!/bin/bash
# Everything that goes wrong at run time is one clear line that names the thing, and status 1. (Usage: tests/cli/usage.t)
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
live_begin
need capinfos tshark setpriv
backend=${backends%% *}

# fails "what" REGEX OPTIONS...: pidtap ends with status 1, and the first line it says matches (but for the one that asks
# for patience while it compiles)
fails()
{
	local what=$1 pattern=$2
	shift 2
	tap_run a "$@"
	is "$what: status" "$tap_status" 1
	like "$what: the line" "$(grep -v '^pidtap: compiling' "$work/err" | head -n 1)" "^pidtap: $pattern"
	is "$what: nothing on stdout" "$(cat "$work/text")" ""
}

fails "no interface of that name" '.*nosuch0' -i nosuch0
fails "a pid that does not exist" '.*4194304' -p 4194304
fails "a file that cannot be made" '.*/nosuch/x\.pcapng' -w /nosuch/x.pcapng
fails "a bundle that is not there" '.*/nosuch\.bundle' --bundle /nosuch.bundle

# where others may run it
install -m 755 "$pidtap" "$work/pidtap"
pidtap=$work/pidtap tap_prefix="setpriv --reuid 65534 --regid 65534 --clear-groups" \
	fails "not root" '.*root'

mkdir -m 777 "$work/open"
fails "a cache others can write to" ".*$work/open" --cache-dir "$work/open"

tap_prefix=$top/tests/live/hide-headers fails "no headers by any way" '.*headers' --no-cache --backend "$backend"
ok "no headers: it says what each way lacked" grep -q '/sys/kernel/btf' "$work/err"
ok "no headers: and what to install or do" grep -qE 'install|--kernel-headers' "$work/err"

# What makes a directory a header tree, of a kernel that is not running.
tree=$work/tree
mkdir -p "$tree/include/generated" "$tree/include/linux"
echo '#define UTS_RELEASE "4.4.0-foreign"' >"$tree/include/generated/utsrelease.h"
echo '#error this tree is empty' >"$tree/include/linux/kconfig.h"
echo >"$tree/include/linux/types.h"
echo >"$tree/include/generated/autoconf.h"
touch "$tree/Makefile"
fails "headers of another kernel" '.*4\.4\.0-foreign' --no-cache --kernel-headers "$tree"
fails "a compile error" '.*compile' --no-cache --kernel-headers "$tree" --kernel-headers-force
ok "a compile error: the compiler's words are indented below" grep -q '^    .*error' "$work/err"

bundle=$work/bundle
ok "a bundle" in_ns a "$pidtap" --cache-dir "$cache" --backend "$backend" --bundle-out "$bundle"
cp "$bundle" "$work/foreign"
"$top/tests/edit-bundle" kernel "$work/foreign"
fails "a bundle of another kernel build" ".*$work/foreign" --backend "$backend" --bundle "$work/foreign"
cp "$bundle" "$work/refused"
"$top/tests/edit-bundle" program "$work/refused"
fails "refused by the verifier" '.*' --backend "$backend" --bundle "$work/refused"
ok "refused by the verifier: its log is indented below" grep -q '^    .*R9 !read_ok' "$work/err"
head -c 1000 "$bundle" >"$work/cut"
fails "a damaged bundle" ".*$work/cut" --backend "$backend" --bundle "$work/cut"
cp -r "$cache" "$work/cache"
for file in "$work/cache"/bundle-*; do
	echo x >>"$file"
done
tap_start a --cache-dir "$work/cache" --backend "$backend" -i veth0
is "a cached bundle that is damaged: is built anew" $? 0
ok "a cached bundle that is damaged: with a note" grep -q "^pidtap: .*$work/cache.*damaged" "$work/err"
tap_stop

# A full disk: the file holds whole packets, the line says how many, the rest is told as lost.
mkdir "$work/small"
mount -t tmpfs -o size=256k none "$work/small"
tap_start a --backend "$backend" -i veth0 -w "$work/small/x.pcapng"
server_options=--oneway exchange b a tcp 10.98.0.2 --oneway --bytes 1000000 >/dev/null
tap_wait
is "a full disk: status" "$tap_status" 1
ok "a full disk: a line names the file and what was written" \
	grep -qE "^pidtap: .*$work/small/x.pcapng.*No space.*[0-9]+ packets" "$work/err"
ok "a full disk: the file is valid" file_is_valid "$work/small/x.pcapng"
held=$(packets_in "$work/small/x.pcapng")
ok "a full disk: it holds packets" test "$held" -gt 0
read -r captured unwritten < <(sed -nE 's/^pidtap: ([0-9]+) packets captured .*, 0 lost, ([0-9]+) not written.*/\1 \2/p' "$work/err")
ok "a full disk: and packets are counted that it does not hold" test "${unwritten:-0}" -gt 0
is "a full disk: these are all that were captured" $((held + unwritten)) "$captured"
done_testing
