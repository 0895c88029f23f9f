# bash completion for pidtap
# shellcheck shell=bash

_pidtap_interfaces()
{
	local dir
	echo any
	for dir in /sys/class/net/*/; do
		basename "$dir"
	done
}

_pidtap()
{
	local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}

	COMPREPLY=()
	case $previous in
	-i | --interface)
		mapfile -t COMPREPLY < <(compgen -W "$(_pidtap_interfaces)" -- "$current")
		return
		;;
	-p | --pid)
		mapfile -t COMPREPLY < <(compgen -W "$(cd /proc && echo [0-9]*)" -- "$current")
		return
		;;
	--backend)
		mapfile -t COMPREPLY < <(compgen -W "auto kprobe tracepoint" -- "$current")
		return
		;;
	-w | --write | --bundle | --bundle-out | --keylog | --libssl)
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		return
		;;
	--kernel-headers | --cache-dir)
		mapfile -t COMPREPLY < <(compgen -d -- "$current")
		return
		;;
	-c | --count | -s | --snapshot-length | --duration | --uid | --map-size | --buffer-size | --window | --hold | \
		--assume-kernel)
		return
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "-i --interface -w --write --plaintext -X --hex --keylog --no-keys --libssl --hold --print -c --count --duration -s --snapshot-length \
		-q --quick -v --verbose -n -p --pid --uid --include-unknown --map-size --buffer-size --window --backend \
		--kernel-headers --kernel-headers-force --assume-kernel --cache-dir --no-cache --bundle --bundle-out --dump-bpf \
		--probe-check -h --help --version" -- "$current")
}

complete -o filenames -F _pidtap pidtap
