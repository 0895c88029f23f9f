# vm matrix: every release from nothing to a verdict, one line each at the end.
# Two releases at a time: a machine keeps one core busy (thread=single in run.sh).
# shellcheck shell=bash disable=SC2154 # globals are set in vm and lib.sh

readonly MATRIX_JOBS=2

cmd_matrix()
{
	local options=() list=() release
	while [ $# -gt 0 ]; do
		case $1 in
		--timeout | --mem) options+=("$1" "${2:-}"); shift 2 || usage_error "$1 needs a value" ;;
		--) shift; break ;;
		*) usage_error "matrix: unknown argument '$1'" ;;
		esac
	done
	for release in $releases; do
		list+=("$(release_name "$release")") || exit
	done

	need_root
	results=$(mktemp -d)
	# shellcheck disable=SC2064 # the value of now
	trap "rm -rf '$results'" EXIT
	trap 'matrix_stop 130' INT
	trap 'matrix_stop 143' TERM HUP
	matrix_all list options "$@"
	matrix_summary list
}

# Jobs have process groups of their own (set -m), so that all of one can be ended.
matrix_stop()
{
	local job
	for job in $(jobs -p); do
		kill -TERM -- "-$job" 2>/dev/null || :
	done
	wait
	exit "$1"
}

matrix_all()
{
	local -n releases_in=$1 options_in=$2
	local release
	shift 2

	set -m
	for release in "${releases_in[@]}"; do
		while [ "$(jobs -pr | wc -l)" -ge "$MATRIX_JOBS" ]; do
			wait -n || :
		done
		matrix_one "$release" "${options_in[@]}" -- "$@" &
	done
	wait
}

# Releases are told apart in the mixed output by their name before every line.
matrix_one()
{
	local release=$1
	shift
	{ matrix_steps "$release" "$@" 2>&1 || :; } | tee "$results/$release.out" | sed -u "s/^/$release: /"
}

matrix_steps()
{
	local release=$1 options=() step times='' start
	shift
	while [ "$1" != -- ]; do options+=("$1"); shift; done
	shift

	for step in tree build run; do
		[ "$step" != run ] || [ $# -gt 0 ] || continue
		start=$SECONDS
		case $step in
		run) "$here/vm" run "${options[@]}" "$release" -- "$@" ;;
		*) "$here/vm" "$step" "$release" ;;
		esac || {
			matrix_result "$release" "FAIL $step, status $? ($times$step $((SECONDS - start)) s)"
			return
		}
		times+="$step $((SECONDS - start)) s, "
	done
	matrix_result "$release" "ok (${times%, })"
}

matrix_result()
{
	printf '%s\n' "$2" >"$results/$1"
}

matrix_summary()
{
	local -n releases_in=$1
	local release line status=0

	for release in "${releases_in[@]}"; do
		line=$(cat "$results/$release" 2>/dev/null) || line='FAIL no result'
		printf 'vm: %-9s %s\n' "$release" "$line"
		[ "${line%% *}" = ok ] || status=1
		matrix_last_words "$release" "${line%% *}" | sed 's/^/    /'
	done
	return "$status"
}

# matrix_last_words RELEASE VERDICT: of one that failed what its tests said of failures (comments are that) and its end.
matrix_last_words()
{
	local out=$results/$1.out

	if [ "$2" = ok ]; then
		tail -n 1 "$out"
		return
	fi
	grep -E '^not ok|^ *#|Result: FAIL' "$out" | tail -n 60 || :
	tail -n 10 "$out"
}
