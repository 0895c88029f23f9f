# vm tree and vm shell: a release's root tree, made with mmdebstrap.
# shellcheck shell=bash disable=SC2154 # globals are set in vm and lib.sh

# Parts of packages nobody needs here: half of what would be unpacked.
readonly TREE_EXCLUDE=(
	'/usr/share/doc/*' '/usr/share/man/*' '/usr/share/info/*' '/usr/share/locale/*'
	'*/lib/modules/*/kernel/drivers/gpu/*' '*/lib/modules/*/kernel/drivers/media/*'
	'*/lib/modules/*/kernel/drivers/infiniband/*' '*/lib/modules/*/kernel/drivers/iio/*'
	'*/lib/modules/*/kernel/drivers/scsi/*' '*/lib/modules/*/kernel/drivers/staging/*'
	'*/lib/modules/*/kernel/drivers/usb/*' '*/lib/modules/*/kernel/drivers/net/ethernet/*'
	'*/lib/modules/*/kernel/drivers/net/wireless/*' '*/lib/modules/*/kernel/sound/*'
	# replaced by a stub below: vm run makes its own initramfs
	'/usr/sbin/update-initramfs'
)

cmd_tree()
{
	local force=no release
	[ "${1:-}" != --force ] || { force=yes; shift; }
	release=$(release_name "${1:-}")

	need_root
	need mmdebstrap mmdebstrap
	lock "$release" exclusive
	[ "$force" = no ] || rm -f "$cache/$release/stamp"
	if tree_is_current "$release"; then
		note "$release: tree is current ($(tree_kernel "$cache/$release/root"))"
	else
		tree_make "$release"
	fi
	unlock
}

cmd_shell()
{
	local release
	release=$(release_name "${1:-}")
	shift
	need_root
	tree_require "$release"
	lock "$release" shared
	in_tree "$cache/$release/root" "${@:-bash}"
}

tree_packages()
{
	grep -v '^#' "$here/packages" | paste -sd,
}

# What the stamp holds: anything that changes a tree's contents changes it.
tree_hash()
{
	printf '%s\n' "$1" "$mirror" | cat - "$here/tree.sh" "$here/packages" | sha256sum
}

tree_is_current()
{
	local stamp=$cache/$1/stamp
	[ -d "$cache/$1/root" ] && [ -f "$stamp" ] && [ "$(tree_hash "$1")" = "$(cat "$stamp")" ]
}

tree_require()
{
	tree_is_current "$1" || die "$1 has no tree, or one of older scripts: run '$0 tree $1' first"
}

tree_make()
{
	local release=$1 dir=$cache/$1 start=$SECONDS new

	# names of an earlier, killed attempt; we hold the lock
	rm -rf --one-file-system "$dir"/root.new "$dir"/root.old
	new=$dir/root.new
	note "$release: making the tree in $dir (log: $dir/tree.log)"
	tree_bootstrap "$release" "$new" >"$dir/tree.log" 2>&1 || {
		tail -n 20 "$dir/tree.log" >&2
		rm -rf --one-file-system "$new"
		die "$release: mmdebstrap failed: see $dir/tree.log, check the network, try again"
	}
	tree_check "$release" "$new"
	tree_replace "$dir"
	tree_hash "$release" >"$dir/stamp"
	note "$release: tree ready in $((SECONDS - start)) s ($(tree_kernel "$dir/root"))"
}

# Check-Valid-Until: mirrors behind caches serve sid's index after its week. It
# is still signed; a stale one only gives a tree that is thrown away an older sid.
tree_bootstrap()
{
	local release=$1 new=$2 opts=() glob

	for glob in "${TREE_EXCLUDE[@]}"; do
		opts+=("--dpkgopt=path-exclude=$glob")
	done
	# shellcheck disable=SC2016 # $1 is for the hook's shell
	mmdebstrap --mode=root --variant=apt --architectures=amd64 \
		--aptopt='APT::Install-Recommends "false"' \
		--aptopt='Acquire::Languages "none"' \
		--aptopt='Acquire::Retries "3"' \
		--aptopt='Acquire::Check-Valid-Until "false"' \
		--dpkgopt=force-unsafe-io "${opts[@]}" \
		--setup-hook='mkdir -p "$1/usr/sbin"' \
		--setup-hook='printf "#!/bin/sh\nexit 0\n" >"$1/usr/sbin/update-initramfs"' \
		--setup-hook='chmod 755 "$1/usr/sbin/update-initramfs"' \
		--customize-hook='printf "127.0.0.1 localhost\n::1 localhost\n" >"$1/etc/hosts"' \
		--customize-hook='mkdir -p "$1/src/pidtap" "$1/var/cache/pidtap" "$1/var/cache/pidtap-vm-out"' \
		--include="$(tree_packages)" \
		"$release" "$new" "$mirror"
}

# In sid the newest image and the newest headers can be of different versions.
tree_check()
{
	local release=$1 root=$2 kernel

	kernel=$(tree_kernel "$root")
	chroot "$root" test -e "/lib/modules/$kernel/build/Makefile" ||
		die "$release: image $kernel came without its headers: the mirror is between two uploads, try later"
	[ -e "$root/boot/vmlinuz-$kernel" ] || die "$release: no /boot/vmlinuz-$kernel in $root"
}

tree_replace()
{
	local dir=$1

	rm -f "$dir/stamp"
	[ ! -d "$dir/root" ] || mv "$dir/root" "$dir/root.old"
	mv "$dir/root.new" "$dir/root"
	mkdir -p "$dir/out" "$dir/bundles"
	chmod 755 "$dir/bundles"
	rm -rf --one-file-system "$dir/root.old"
}
