#!/bin/bash
# tools/embed: local includes in place, once, lines and bytes kept, with every awk at hand.
set -u
cd "$(dirname "$0")/../.." || exit
. tests/tap.sh

root=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/probes" "$work/bin"

cat >"$work/probes/main.c" <<'END'
#include <linux/types.h>
#include "a.h"
  #  include "probes/a.h"
#include "b.c"
int last; // "quoted" \ \n 100% ä
END
printf '#include "b.h"\nint a;\n' >"$work/probes/a.h"
printf 'int b; /* no newline at the end */' >"$work/probes/b.h"
printf '#include "a.h"\nint wrong wrong;\n' >"$work/probes/b.c"

cat >"$work/want" <<'END'
#line 1 "probes/main.c"
#include <linux/types.h>
#line 1 "probes/a.h"
#line 1 "probes/b.h"
int b; /* no newline at the end */
#line 2 "probes/a.h"
int a;
#line 3 "probes/main.c"

#line 1 "probes/b.c"

int wrong wrong;
#line 5 "probes/main.c"
int last; // "quoted" \ \n 100% ä
END

cat >"$work/show.c" <<'END'
#include "source/build.h"
#include <stdio.h>
int main(void)
{
	return fwrite(build_bpf_text, 1, build_bpf_text_len, stdout) != build_bpf_text_len;
}
END

embed()
{
	(cd "$work" && PATH="$work/bin:$PATH" "$root/tools/embed" "$@")
}

flatten()
{
	embed probes/main.c >"$work/text.c" &&
		"${CC:-cc}" -Wall -Werror -Isrc -I. -o "$work/show" "$work/show.c" "$work/text.c" &&
		"$work/show" >"$work/got" && diff "$work/want" "$work/got"
}

for awk in mawk gawk original-awk busybox; do
	path=$(command -v "$awk") || continue
	ln -sf "$path" "$work/bin/awk"
	ok "flattens with $awk" flatten
done
rm -f "$work/bin/awk"
ok "flattens with this system's own" flatten

like "a compiler names the file and line" "$("${CC:-cc}" -fsyntax-only -x c "$work/got" 2>&1)" 'probes/b\.c:2:'
echo '#include "none.h"' >"$work/probes/main.c"
no "an include that is not there" embed probes/main.c
like "is named with who wants it" "$(embed probes/main.c 2>&1 >/dev/null)" 'probes/main\.c: "none\.h" not found'
no "a file that is not there" embed probes/none.c
no "no file" embed
done_testing
