#!/bin/bash
# What --help lists, the man page explains and the completion offers: the same options.
set -u
cd "$(dirname "$0")/../.." || exit
. tests/tap.sh

in_help()
{
	build/pidtap --help | sed -n 's/^  \{1,6\}\(-.*\)/\1/p' | cut -c -30 | grep -oE -- '(^|[ ,])--?[A-Za-z][a-z-]*' |
		tr -d ' ,' | sort
}

# With the argument's name: `-i IFACE`.
in_help_with_arguments()
{
	build/pidtap --help | sed -nE 's/^ +((-[A-Za-z], )?(-[-a-z]+)( [A-Z]+)?) .*/\3\4/p' | sort
}

in_man()
{
	sed -nE '/^\.Sh OPTIONS/,/^\.Sh OUTPUT/{s/^\.It //p;}' share/pidtap.8 | grep -oE 'Fl -?[A-Za-z][a-z-]*' |
		sed 's/Fl /-/' | sort
}

in_man_with_arguments()
{
	sed -nE '/^\.Sh OPTIONS/,/^\.Sh OUTPUT/{s/^\.It (.* , )?Fl ([-A-Za-z]+)( Ar ([A-Z]+))?$/-\2 \4/p;}' share/pidtap.8 |
		sed 's/ $//' | sort
}

# completed WORD: what is offered for it
completed()
{
	bash -c '. share/pidtap.bash; COMP_WORDS=(pidtap "$1"); COMP_CWORD=1; _pidtap; printf "%s\n" "${COMPREPLY[@]}"' \
		bash "$1" | sort
}

like "--help lists options" "$(in_help | xargs)" '--pid .*-i '
is "the man page explains what --help lists" "$(in_man)" "$(in_help)"
is "with the same arguments" "$(in_man_with_arguments)" "$(in_help_with_arguments)"
is "the completion offers what --help lists" "$(completed "")" "$(in_help)"
is "the completion completes" "$(completed --kernel-headers-)" --kernel-headers-force
like "--version" "$(build/pidtap --version)" '^pidtap [0-9]+\.[0-9]+'
if command -v mandoc >/dev/null; then
	ok "the man page is valid mdoc" mandoc -T lint -W warning share/pidtap.8
else
	skip "the man page is valid mdoc" "mandoc is not installed (tools/install-deps check)"
fi
done_testing
