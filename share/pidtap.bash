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

_pidtap_namespaces()
{
	local name
	echo all
	for name in /run/netns/*; do
		[ ! -e "$name" ] || basename "$name"
	done
}

# What is behind `--`, word $1: a command, completed as it is elsewhere, where bash-completion is there.
_pidtap_command()
{
	if declare -F _command_offset >/dev/null; then
		_command_offset $(($1 + 1))
	elif [ "$COMP_CWORD" -eq $(($1 + 1)) ]; then
		mapfile -t COMPREPLY < <(compgen -c -- "${COMP_WORDS[COMP_CWORD]}")
	else
		mapfile -t COMPREPLY < <(compgen -f -- "${COMP_WORDS[COMP_CWORD]}")
	fi
}

_pidtap()
{
	local word current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}

	COMPREPLY=()
	for ((word = 1; word < COMP_CWORD; word++)); do
		if [ "${COMP_WORDS[word]}" = -- ]; then
			_pidtap_command "$word"
			return
		fi
	done
	case $previous in
	-i | --interface)
		mapfile -t COMPREPLY < <(compgen -W "$(_pidtap_interfaces)" -- "$current")
		return
		;;
	--netns)
		mapfile -t COMPREPLY < <(compgen -W "$(_pidtap_namespaces)" -- "$current")
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
	--comm)
		mapfile -t COMPREPLY < <(compgen -W "$(cat /proc/[0-9]*/comm 2>/dev/null | sort -u)" -- "$current")
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
	mapfile -t COMPREPLY < <(compgen -W "-i --interface --netns -w --write --plaintext -X --hex --json --keylog --no-keys --libssl \
		--hold --print -c --count --duration -s --snapshot-length \
		-q --quick -v --verbose -n -p --pid -f --follow --uid --comm --include-unknown --map-size --buffer-size --window --backend \
		--kernel-headers --kernel-headers-force --assume-kernel --cache-dir --no-cache --bundle --bundle-out --dump-bpf \
		--probe-check -h --help --version" -- "$current")
}

complete -o filenames -F _pidtap pidtap
