#!/bin/bash
# The toggles of the BPF text: those it tests, those compat/ defines and those probes/README.md explains are the same; each is
# always defined, as 0 or 1, and tested with #if. Its maps, too, are those of the README. And a rule that compiled instructions do
# not show, unless libbcc 0.18 compiled them: a program's fourth parameter is not the fourth argument there (kernel.h, PT_ARG4).
set -u
cd "$(dirname "$0")/../.." || exit
. tests/tap.sh

[ -x build/pidtap ] || skip_all "build/pidtap is not built"
readonly tree=tests/sysroot/fedora/usr/src/kernels/6.5.6-300.fc39.x86_64 # any will do: nothing is compiled

# The flags of a kernel version, from the comments before the text.
flags()
{
	build/pidtap --dump-bpf --assume-kernel "$1" --kernel-headers "$tree" --kernel-headers-force |
		sed -n 's|^// -D\(HAVE_.*\)|\1|p'
}

used=$(grep -ohE '\bHAVE_[A-Z0-9_]+' probes/*.[ch] | sort -u)
listed=$(sed -n 's/^| `\(HAVE_[A-Z0-9_]*\)` .*/\1/p' probes/README.md | sort -u)
like "the text has toggles" "$used" HAVE_
is "probes/README.md explains those" "$listed" "$used"
for version in 4.9 4.14 6.1; do
	is "compat/ defines those ($version)" "$(flags "$version" | sed 's/=.*//' | sort)" "$used"
	no "always as 0 or 1 ($version)" grep -vE '^HAVE_[A-Z0-9_]+=[01]$' <(flags "$version")
done
no "none is tested for being defined" grep -nE '(ifn?def|defined).*\b(HAVE_|BACKEND_)' probes/*.[ch]
like "4.9 has none of them" "$(flags 4.9 | tr '\n' ' ')" '^(HAVE_[A-Z0-9_]+=0 )+$'

maps=$(grep -ohE '^BPF_[A-Z_]+\([^)]*' probes/*.[ch] | grep -oE '\bm_[a-z_]+' | sort -u)
documented=$(sed -n 's/^| \(`m_[^|]*\) |.*/\1/p' probes/README.md | grep -oE '\bm_[a-z_]+' | sort -u)
like "the text has maps" "$maps" m_flow_owner
is "probes/README.md lists those" "$documented" "$maps"

# with_parameters AT_LEAST: the programs that have so many besides their context
with_parameters()
{
	tr -s '\n\t' ' ' <<<"$(cat probes/*.[ch])" |
		grep -oE "\b[a-z]+_[a-z0-9_]+\(struct pt_regs \*ctx(, [^,()]+){$1,}\)" | grep -E '^(kp|kr|up|ur)_'
}
like "programs have up to three parameters" "$(with_parameters 3)" 'up_log_secret\('
is "none has four" "$(with_parameters 4)" ""
done_testing
