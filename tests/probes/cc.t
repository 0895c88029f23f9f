#!/bin/bash
# pidtap-cc by itself, on a toy text and a toy header tree: no kernel headers are needed, creating maps takes root.
set -u
cd "$(dirname "$0")/../.." || exit
. tests/tap.sh

cc=$PWD/build/pidtap-cc
[ -x "$cc" ] || skip_all "build/pidtap-cc is not built"
[ "$(id -u)" = 0 ] || skip_all "libbcc creates the maps while it compiles: root only"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# What libbcc's own headers include; they bring linux/bpf.h themselves.
tree=$work/tree
mkdir -p "$tree"/include/{linux,uapi/linux,asm}
touch "$tree"/include/{uapi/linux/{bpf,if_packet,if_ether}.h,linux/log2.h,asm/page.h}
echo '#define CONFIG_BPF_SYSCALL 1' >"$tree/include/linux/kconfig.h"
echo '#include "/usr/include/linux/bpf_common.h"' >"$tree/include/linux/bpf_common.h"
cat >"$tree/include/linux/version.h" <<'END'
#define LINUX_VERSION_CODE 0x060100
#define KERNEL_VERSION(a, b, c) (((a) << 16) + ((b) << 8) + (c))
END
cat >"$tree/include/linux/types.h" <<'END'
#ifndef _LINUX_TYPES_H
#define _LINUX_TYPES_H
typedef unsigned char __u8, u8;
typedef unsigned short __u16, u16, __be16, __sum16;
typedef unsigned int __u32, u32, __be32, __wsum;
typedef unsigned long long __u64, u64, __be64;
typedef signed char __s8;
typedef short __s16;
typedef int __s32, s32;
typedef long long __s64, s64;
typedef unsigned long size_t, uintptr_t;
typedef _Bool bool;
#define __aligned_u64 __u64 __attribute__((aligned(8)))
#endif
END

cat >"$work/toy.c" <<'END'
#line 1 "probes/toy.c"
BPF_HASH(m_toy, u32, u64, 16);
BPF_PERF_OUTPUT(m_out);
int tc_toy(struct __sk_buff *skb)
{
	u32 key = skb->len;

#if WITH_ERROR
	undeclared(key);
#endif
	m_toy.delete(&key);
	return 0;
}
END

# compile OUT [CFLAG...]: the toy text by way of standard input and output
compile()
{
	local out=$1
	shift
	"$cc" --text - --out - --kernel-source "$tree" -- "$@" <"$work/toy.c" >"$out" 2>"$work/stderr"
}

u32_at()
{
	od -An -tu4 -j"$2" -N4 "$1" | tr -d ' '
}

ok "compiles" compile "$work/a" -DWITH_ERROR=0
is "without a word" "$(cat "$work/stderr")" ""
is "the bundle's magic" "$(head -c7 "$work/a")" PIDTAPB
is "stdout has the bundle and nothing else" "$(stat -c%s "$work/a")" "$((48 + $(u32_at "$work/a" 12)))"
for name in m_toy m_out tc_toy GPL; do
	ok "$name is in it" grep -qa "$name" "$work/a"
done
ok "compiles again" env BCC_LINUX_VERSION_CODE=1 BCC_KERNEL_SOURCE=/nowhere \
	"$cc" --text "$work/toy.c" --out "$work/b" --kernel-source "$tree" -- -DWITH_ERROR=0
ok "to the same bytes, whatever the environment says" cmp "$work/a" "$work/b"
is "a file for its owner only" "$(stat -c%a "$work/b")" 600

no "a text in error" compile "$work/c" -DWITH_ERROR=1
is "leaves stdout empty" "$(stat -c%s "$work/c")" 0
like "is named by file and line" "$(cat "$work/stderr")" 'probes/toy\.c:8:[0-9]+: error: .*undeclared'
no "a text without a program" "$cc" --text /dev/null --out "$work/d" --kernel-source "$tree"
no "leaves no file" test -e "$work/d"

"$cc" --text "$work/toy.c" --out - --kernel-source "$work/none" >"$work/e" 2>"$work/stderr"
is "no headers" "$?" 1
is "what libbcc prints then is not on stdout" "$(stat -c%s "$work/e")" 0
like "but on stderr" "$(cat "$work/stderr")" "Unable to find kernel headers"

no "a text that is not there" "$cc" --text "$work/none" --out "$work/d"
no "nowhere to write" "$cc" --text "$work/toy.c" --out "$work/none/d" --kernel-source "$tree" -- -DWITH_ERROR=0
for args in "" "--text x" "--text x --out y stray" "--wrong"; do
	# shellcheck disable=SC2086 # words on purpose
	"$cc" $args >"$work/f" 2>/dev/null
	is "usage: pidtap-cc $args" "$?" 2
done
like "its version" "$("$cc" --version)" '^pidtap-cc [0-9.]+ libbcc [0-9.]+$'
done_testing
