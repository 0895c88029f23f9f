#!/bin/bash
# Bad usage is one clear line that names the option and its value, and status 2.
set -u
cd "$(dirname "$0")/../.." || exit
. tests/tap.sh

# refused REGEX OPTIONS...
refused()
{
	local pattern=$1 line status=0
	shift
	line=$(timeout 10 build/pidtap "$@" 2>&1) || status=$?
	like "$*: status, and the one line" "$status $line" "^2 pidtap: $pattern"
	is "$*: no other line" "$(wc -l <<<"$line")" 1
}

for option in --count --duration --snapshot-length --pid --uid --map-size --buffer-size --window --assume-kernel; do
	for value in x -1 12x 99999999999999999999; do
		refused "$option $value: " "$option" "$value"
	done
	refused "$option: needs an argument" "$option" ''
done
for option in --count --pid --map-size --buffer-size --window; do
	refused "$option 0: " "$option" 0
done
refused '--backend x: ' --backend x
refused '--nosuch' --nosuch
refused '--netns: needs' --netns ''
refused '--pid: needs' --pid
refused 'port: ' port 80
refused '--include-unknown: ' --include-unknown
refused '--follow: .* -p PID or of -- COMMAND' -f --uid 0
refused '--: needs a command' --
refused 'curl: only a capture runs a command' --dump-bpf -- curl
refused '--bundle and --bundle-out: ' --bundle a --bundle-out b
refused '--print and -w -: ' -w - --print
refused '--json and -w -: ' -w - --json
refused '-X and --json: ' --plaintext --json -X
done_testing
