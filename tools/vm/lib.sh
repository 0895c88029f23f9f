# What the subcommands of vm share. Sourced, never run.
# shellcheck shell=bash disable=SC2154,SC2034 # globals are set and used in the other files

readonly VM_FAILED=125 VM_TIMEOUT=124

note()
{
	printf 'vm: %s\n' "$*" >&2
}

die()
{
	note "$*"
	exit "$VM_FAILED"
}

usage_error()
{
	note "$* (vm help)"
	exit 2
}

# The codename of a release given by name or number.
release_name()
{
	case ${1:-} in
	11 | bullseye) echo bullseye ;;
	12 | bookworm) echo bookworm ;;
	13 | trixie) echo trixie ;;
	sid | unstable) echo sid ;;
	'') usage_error "no release given" ;;
	*) usage_error "unknown release '$1'" ;;
	esac
}

need_root()
{
	[ "$(id -u)" = 0 ] || die "needs root (chroot, mount): run it under sudo"
}

# need PROGRAM PACKAGE
need()
{
	command -v "$1" >/dev/null || die "$1 is missing: apt-get install $2"
}

# Takes the release's lock, for this process and as long as it lives: shared by
# those that use the tree, exclusive for those that change it. Child processes
# that may outlive us must be started with {lock_fd}>&-.
lock()
{
	local release=$1 how=$2

	mkdir -p "$cache/$release"
	exec {lock_fd}>"$cache/$release/lock"
	flock --nonblock "--$how" "$lock_fd" && return
	note "$release is in use by another vm, waiting"
	flock "--$how" "$lock_fd"
}

unlock()
{
	exec {lock_fd}>&-
}

# Runs a command in a tree, with /proc and /dev. The mounts live in a namespace
# of their own and end with the command, however it ends.
in_tree()
{
	local root=$1
	shift
	# shellcheck disable=SC2016 # expanded by the inner shell
	unshare --mount --pid --fork --kill-child -- sh -euc '
		root=$1; shift
		mount -t proc proc "$root/proc"
		mount --rbind /dev "$root/dev"
		exec chroot "$root" /usr/bin/env -i HOME=/root LANG=C.UTF-8 \
			TERM="${TERM:-dumb}" PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
	' in_tree "$root" "$@"
}

# The release (uname -r) of the one kernel in a tree.
tree_kernel()
{
	local found=("$1"/lib/modules/*/modules.dep)

	[ -e "${found[0]}" ] || die "no kernel in $1: vm tree --force ${1%/root}"
	[ "${#found[@]}" = 1 ] || die "several kernels in $1: vm tree --force"
	basename "$(dirname "${found[0]}")"
}
