#!/bin/bash
# `vm matrix` fails if one release does, whatever the others did, and says why; with stand-ins for its machines.
set -u
cd "$(dirname "$0")/../.." || exit
. tests/tap.sh

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp tools/vm/lib.sh tools/vm/matrix.sh "$work"

# What is run by it: `vm STEP [OPTIONS] RELEASE ...`, which fails as $fails says ("STEP RELEASE").
cat >"$work/vm" <<'END'
#!/bin/bash
echo "words of $*"
[ "$1" != run ] || printf '%s\n' 'not ok 7 - what must hold' '#   got:  what was' "$(seq 99)"
[ "$fails" != "$1 $2" ]
END
chmod +x "$work/vm"

cat >"$work/matrix" <<'END'
set -euo pipefail
here=$(dirname "$0") cache=/nonexistent mirror= releases="bullseye bookworm trixie"
. "$here/lib.sh"
. "$here/matrix.sh"
need_root() { :; }
cmd_matrix -- true
END

# play FAILS: sets $said, $status
play()
{
	said=$(fails=$1 bash "$work/matrix" 2>&1)
	status=$?
}

play none
is "all are well: status 0" "$status" 0
like "all are well: the last line of each" "$said" 'vm: trixie +ok \(tree [0-9]+ s, build [0-9]+ s, run [0-9]+ s\)
    99$'
declare -A last=([tree]='words of tree bookworm' [build]='words of build bookworm' [run]=99)
for step in tree build run; do
	play "$step bookworm"
	is "$step fails in the middle one: status 1" "$status" 1
	like "$step fails in the middle one: it is named" "$said" "vm: bookworm +FAIL $step, status 1"
	like "$step fails in the middle one: with its last words" "$said" "    ${last[$step]}"$'\nvm: trixie'
	like "$step fails in the middle one: the others are played" "$said" 'vm: bullseye +ok.*vm: trixie +ok'
done
like "tests fail: with what they said of it" "$said" $'    not ok 7 - what must hold\n    #   got:  what was\n'
done_testing
