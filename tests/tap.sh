# Test Anything Protocol for tests in bash. Sourced.
# shellcheck shell=bash
#
#   ok "what must hold" COMMAND ARGS...        is "what" GOT WANT        like "what" GOT REGEX
#   no "what must not hold" COMMAND ARGS...    diag TEXT...              done_testing
#
# A failed check says what was got; the test goes on. done_testing must be the last command.

tap_ran=0
tap_failed=0

# On stderr: prove shows that, and keeps comments on stdout to itself.
diag()
{
	printf '%s\n' "$*" | sed 's/^/#   /' >&2
}

tap_result()
{
	local good=$1 what=$2

	tap_ran=$((tap_ran + 1))
	if [ "$good" = 0 ]; then
		echo "ok $tap_ran - $what"
	else
		tap_failed=$((tap_failed + 1))
		echo "not ok $tap_ran - $what"
	fi
	return "$good"
}

# The output of COMMAND is shown only if it fails.
ok()
{
	local what=$1 out status=0
	shift
	out=$("$@" 2>&1) || status=1
	tap_result "$status" "$what" || { diag "command: $*"; [ -z "$out" ] || diag "$out"; }
}

no()
{
	local what=$1 out status=1
	shift
	out=$("$@" 2>&1) || status=0
	tap_result "$status" "$what" || { diag "succeeded, but must not: $*"; [ -z "$out" ] || diag "$out"; }
}

is()
{
	local status=0
	[ "$2" = "$3" ] || status=1
	tap_result "$status" "$1" || { diag "got:  $2"; diag "want: $3"; }
}

like()
{
	local status=0
	[[ $2 =~ $3 ]] || status=1
	tap_result "$status" "$1" || { diag "got:     $2"; diag "pattern: $3"; }
}

skip()
{
	tap_ran=$((tap_ran + 1))
	echo "ok $tap_ran - $1 # SKIP $2"
}

# The whole test: nothing has been checked yet.
skip_all()
{
	echo "1..0 # SKIP $1"
	exit 0
}

done_testing()
{
	echo "1..$tap_ran"
	[ "$tap_failed" = 0 ] && [ "$tap_ran" -gt 0 ]
}
