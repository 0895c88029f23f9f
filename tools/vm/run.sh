# vm run: one command under a tree's own kernel, in an emulated machine (TCG).
#
# The tree is the machine's root over 9p, read-only, with a tmpfs over it. What
# passes between host and guest lies in a directory of the run, a 9p share too:
# cmd (the command, NUL-separated) and output. 9p writes are done when the guest's
# write() returns, so nothing is in flight when the machine ends. The exit status
# comes over a virtio-serial port; the host ends the machine when it has it.
# shellcheck shell=bash disable=SC2154 # globals are set in vm and lib.sh

readonly RUN_MODULES=(virtio_pci 9p 9pnet_virtio virtio_console overlay)

cmd_run()
{
	local timeout=600 mem=2048 release

	while :; do
		case ${1:-} in
		--timeout) timeout=${2:-}; shift 2 || usage_error "--timeout needs seconds" ;;
		--mem) mem=${2:-}; shift 2 || usage_error "--mem needs MiB" ;;
		--*) usage_error "unknown option '$1'" ;;
		*)
			# options may stand before or after the release
			[ -z "${release:-}" ] || break
			release=$(release_name "${1:-}")
			shift
			;;
		esac
		[ "${1:-}" != -- ] || break
	done
	[ -n "${release:-}" ] || usage_error "no release given"
	[ "${1:-}" = -- ] && shift
	[ $# -gt 0 ] || usage_error "no command given"
	[[ $timeout =~ ^[1-9][0-9]*$ ]] || usage_error "--timeout needs seconds, not '$timeout'"
	[[ $mem =~ ^[1-9][0-9]*$ ]] || usage_error "--mem needs MiB, not '$mem'"

	need_root
	need qemu-system-x86_64 qemu-system-x86
	tree_require "$release"
	lock "$release" shared
	run_machine "$release" "$timeout" "$mem" "$@"
}

# Does not return: the EXIT trap ends the machine, also on a signal.
run_machine()
{
	local release=$1 timeout=$2 mem=$3 status=0
	shift 3

	dir=$cache/$release
	run=$(mktemp -d "$dir/run.XXXXXX")
	qemu='' reader=''
	trap run_end EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP

	printf '%s\0' "$@" >"$run/cmd"
	: >"$run/output"
	mkfifo "$run/status"
	run_initramfs "$dir/root" "$run"
	exec {status_fd}<>"$run/status"
	run_qemu "$release" "$mem" &
	qemu=$!
	tail --pid="$qemu" -s 0.1 -c +1 -f "$run/output" {lock_fd}>&- 2>/dev/null &
	reader=$!

	run_wait "$timeout" || status=$?
	exit "$status"
}

# The machine dies first, then tail, having read the rest of the output. With
# the log kept for those who look into it.
run_end()
{
	trap - EXIT
	trap '' INT TERM HUP
	if [ -n "$qemu" ]; then
		kill -KILL "$qemu" 2>/dev/null || :
		wait "$qemu" 2>/dev/null || :
	fi
	[ -z "$reader" ] || wait "$reader" 2>/dev/null || :
	[ ! -f "$run/console" ] || mv "$run/console" "$dir/console.log"
	rm -rf "$run"
	# said last, after the command's own output
	[ -z "${verdict:-}" ] || run_diagnose
}

run_diagnose()
{
	note "$verdict; from its console ($dir/console.log):"
	run_excerpt "$dir/console.log" 2>/dev/null | tr -d '\r' | sed 's/^/    /' >&2
}

# A crash is told by its first lines, anything else by the last.
run_excerpt()
{
	grep -m1 -A19 -E 'BUG:|Oops|Kernel panic' "$1" || tail -n 20 "$1"
}

# Waits for the status, the machine's end or the timeout. Sets verdict, for
# run_end to print, when there is no status.
run_wait()
{
	local timeout=$1 line='' deadline=$((SECONDS + $1))

	while [ "$SECONDS" -lt "$deadline" ]; do
		if read -r -t 1 -u "$status_fd" line; then
			run_status "$line"
			return
		fi
		kill -0 "$qemu" 2>/dev/null && continue
		# it may have spoken in its last second
		read -r -t 0.1 -u "$status_fd" line && { run_status "$line"; return; }
		run_dead
		return "$VM_FAILED"
	done
	verdict="timeout: no end after $timeout s (--timeout S gives more), machine killed"
	return "$VM_TIMEOUT"
}

run_status()
{
	[[ $1 =~ ^[0-9]+$ ]] && return "$1"
	verdict="the guest reported '$1' in place of a status"
	return "$VM_FAILED"
}

run_dead()
{
	if grep -q -e 'Kernel panic' "$run/console" 2>/dev/null; then
		verdict="the guest kernel panicked"
	elif [ ! -s "$run/console" ]; then
		verdict="qemu ended before the kernel said anything (see its message above)"
	else
		verdict="the guest ended without reporting a status"
	fi
}

# thread=single: with a thread per CPU, qemu before 8.1 now and then runs code that
# another CPU has just patched (it translates without holding the page), and the
# kernel panics with "Oops: int3": seen with 7.2 on the kernel of sid. Kprobes patch
# code all the time. It costs nothing while one CPU of the two is idle.
# 9p shares: security_model=passthrough, so that root in the guest is root here.
run_qemu()
{
	local release=$1 mem=$2 kernel share=local,security_model=passthrough,multidevs=remap
	kernel=$(tree_kernel "$dir/root")

	exec qemu-system-x86_64 \
		-accel tcg,thread=single -cpu max,la57=off -smp 2 -m "$mem" \
		-nodefaults -no-user-config -no-reboot -display none -nic none \
		-kernel "$dir/root/boot/vmlinuz-$kernel" -initrd "$run/initramfs" \
		-append "console=ttyS0 quiet panic=-1 oops=panic mitigations=off audit=0 apparmor=0 vm.release=$release" \
		-chardev "file,id=console,path=$run/console" -serial chardev:console \
		-device virtio-serial-pci \
		-chardev "file,id=status,path=$run/status" \
		-device virtserialport,chardev=status,name=pidtap.status \
		-virtfs "$share,path=$dir/root,mount_tag=root,readonly=on" \
		-virtfs "$share,path=$dir/out,mount_tag=out" \
		-virtfs "$share,path=$dir/bundles,mount_tag=bundles" \
		-virtfs "$share,path=$run,mount_tag=run" \
		</dev/null {lock_fd}>&-
}

# Busybox, both inits and the modules that bring the 9p root in, in load order.
run_initramfs()
{
	local root=$1 run=$2 ir=$2/ir

	mkdir -p "$ir"/{bin,proc,sys,dev,modules,lower,upper,root}
	cp "$root/bin/busybox" "$ir/bin/busybox"
	install -m 755 "$here/init-initramfs" "$ir/init"
	install -m 755 "$here/init-guest" "$ir/init-guest"
	run_modules "$root" "$ir/modules"
	(cd "$ir" && find . | bin/busybox cpio -o -H newc 2>/dev/null) >"$run/initramfs"
	rm -r "$ir"
}

# The tree's own modprobe knows the order, what is built in and what is aliased.
run_modules()
{
	local root=$1 dest=$2 kernel n=10 path
	kernel=$(tree_kernel "$root")

	chroot "$root" /sbin/modprobe -S "$kernel" --show-depends -a "${RUN_MODULES[@]}" 2>/dev/null |
		awk '$1 == "insmod" && !seen[$2]++ { print $2 }' >"$dest.list"
	[ -s "$dest.list" ] || die "no modules for $kernel in $root: vm tree --force"
	while read -r path; do
		run_unpack "$root" "$path" >"$dest/$n-$(basename "${path%%.ko*}").ko"
		n=$((n + 1))
	done <"$dest.list"
	rm "$dest.list"
}

# run_unpack ROOT PATH, with the tree's own tools
run_unpack()
{
	case $2 in
	*.xz) chroot "$1" xz -dc "$2" ;;
	*.zst) chroot "$1" zstd -qdc "$2" ;;
	*.gz) chroot "$1" gzip -dc "$2" ;;
	*) cat "$1$2" ;;
	esac
}
