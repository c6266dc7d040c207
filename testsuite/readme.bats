# SPDX-License-Identifier: Apache-2.0
# README's examples print what README says.
# environments: user
load lib

# The commands, without those that go to a place of the reader's own
commands() { sed -n '/^```sh$/,/^```$/{/^```/d;/^export PATH/d;/^cd /d;p}' "$1"; }

# A host's rung may be another one.
same_rung() { sed 's/^rung [0-9] of 5: .*/rung/'; }

@test "what README's examples print stands in README" {
	commands "$BATS_TEST_DIRNAME/../README.md" >commands
	sed -n 's/^# //p' commands | same_rung >expected
	[ "$(wc -l <expected)" -gt 15 ]
	bash commands 2>&1 | same_rung >printed
	diff -u expected printed
}
