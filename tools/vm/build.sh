# vm build: this checkout, copied into a tree and made there, with what the tests run (a compiler in the emulated machine
# takes twenty times longer).
# shellcheck shell=bash disable=SC2154 # globals are set in vm and lib.sh

cmd_build()
{
	local release
	release=$(release_name "${1:-}")
	shift

	need_root
	tree_require "$release"
	lock "$release" exclusive
	# left by a vm run that was killed; no other holds the lock now
	rm -rf "$cache/$release"/run.*
	build_copy "$cache/$release/root/src/pidtap"
	[ $# -gt 0 ] || set -- all live-tools
	in_tree "$cache/$release/root" make -C /src/pidtap -j2 "$@" ||
		die "$release: make failed: reproduce with '$0 shell $release make -C /src/pidtap'"
	unlock
}

# The files of the checkout, sorted, NUL-terminated: what git knows or would
# add. Without git (a release tarball), everything but what is built.
build_files()
{
	cd "$checkout" || exit
	if git rev-parse --git-dir >/dev/null 2>&1; then
		git ls-files -z --cached --others --exclude-standard
	else
		find . -path ./build -prune -o -path ./.git -prune -o \( -type f -o -type l \) -printf '%P\0'
	fi | build_existing | sort -zu
}

# git lists files deleted and not yet committed.
build_existing()
{
	local path
	while IFS= read -r -d '' path; do
		if [ -e "$path" ] || [ -L "$path" ]; then
			printf '%s\0' "$path"
		fi
	done
}

# Copies with modification times, so that make in the tree rebuilds only what
# changed, and removes what an earlier copy brought and the checkout lost.
# Times of another checkout say nothing about what was built from this one.
build_copy()
{
	local dest=$1 list=${1%/*}/.files from=${1%/*}/.checkout

	mkdir -p "$dest"
	if [ "$(cat "$from" 2>/dev/null)" != "$checkout" ]; then
		rm -rf "$dest/build"
		printf '%s\n' "$checkout" >"$from"
	fi
	touch "$list"
	build_files >"$list.new"
	(cd "$dest" && comm -z23 "$list" "$list.new" | xargs -0r rm -f --)
	tar -C "$checkout" -cf - --null --no-recursion --verbatim-files-from -T "$list.new" |
		tar -C "$dest" -xpf - --no-same-owner
	mv "$list.new" "$list"
}
