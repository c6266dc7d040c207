# SPDX-License-Identifier: Apache-2.0
# What the scripts beside it start with: a scratch directory, $work, that they are in and that goes
# when they end; the commands run as an ordinary user, "${user[@]}"; medians, ratios, rows.
# shellcheck shell=bash

here=$(realpath "$(dirname "$0")")
rlc=$(realpath "${RLC:-build/rlc}")
runs=${RUNS:-5}
memory_bound=65536 # kilobytes
work=$(mktemp -d "${BENCH_DIR:-/dev/shm}/rlc-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
[ "$(stat -f -c %T "$work")" = tmpfs ] || echo "note: $work is not on tmpfs" >&2
chmod 755 "$work"
mkdir "$work/bin"
cp "$rlc" "$work/bin/rlc"
export PATH=$work/bin:$PATH LC_ALL=C TZ=UTC
cd "$work" || exit

applets() { # NAME...: that are needed
	local applet
	for applet; do
		"$rlc" --list | grep -qx "$applet" || { echo "this rlc lacks $applet; make defconfig" >&2; exit 1; }
		ln -s rlc "$work/bin/rlc-$applet"
	done
}

# The commands run as an ordinary user, whoever started this.
user=()
if [ "$(id -u)" = 0 ]; then
	user=(setpriv --reuid=12345 --regid=12345 --clear-groups)
	chown 12345:12345 .
fi

part() { # NAME...: whether one of these parts was asked for
	[ -z "${ONLY-}" ] || [[ " $* " == *"$ONLY"* ]]
}

median() { sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

# Runs a command line once: "cpu wall kilobytes" is added to the file.
measure() { # FILE COMMAND
	rm -rf out
	"${user[@]}" mkdir out
	"${user[@]}" /usr/bin/time -q -o t -f '%U %S %e %M' sh -c "$2" >/dev/null 2>errors || {
		echo "failed: $2" >&2
		cat errors >&2
	}
	awk '{ print $1 + $2, $3, $4 }' t >>"$1"
	rm -f t
}

column() { awk -v c="$2" '{ print $c }' "$1" | median; }

verdict() { # RATIO BOUND
	awk -v r="$1" -v b="$2" 'BEGIN { print(r + 0 > 0 && r + 0 <= b + 0 ? "ok" : "MISSED") }'
}

row() { # WHAT FIGURE OTHER BOUND
	local ratio
	ratio=$(awk -v a="$2" -v b="$3" 'BEGIN { printf "%.2f", a / (b ? b : 1) }')
	printf '%-52s %10s %10s %6s %6s  %s\n' "$1" "$2" "$3" "$ratio" "$4" "$(verdict "$ratio" "$4")"
}

# Runs both in turn, then prints a row for each figure that has a bound.
compare() { # NAME OURS THEIRS cpu=BOUND|wall=BOUND...
	local name=$1 ours=$2 theirs=$3 i bound
	shift 3
	rm -f a b
	for ((i = 0; i < runs; i++)); do
		measure b "$theirs"
		measure a "$ours"
	done
	for bound; do
		case $bound in
		cpu=*) row "$name, CPU s" "$(column a 1)" "$(column b 1)" "${bound#*=}" ;;
		wall=*) row "$name, wall s" "$(column a 2)" "$(column b 2)" "${bound#*=}" ;;
		esac
	done
	memory "$name" "$(column a 3)"
}

memory() { # NAME KILOBYTES
	[ "$2" -le "$memory_bound" ] || printf '%-52s %10s\n' "$1: peak memory over the bound" "$2 KB MISSED"
	peak=$(($2 > ${peak:-0} ? $2 : ${peak:-0}))
}
