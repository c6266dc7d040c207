# SPDX-License-Identifier: Apache-2.0
# Programs that test, and what runs them.

# testsuite/unit/test_x.c is a program; other C files beside it belong to all of them
unit-main := $(sort $(wildcard testsuite/unit/test_*.c))
unit-help := $(filter-out $(unit-main),$(sort $(wildcard testsuite/unit/*.c)))
fuzz-main := $(sort $(wildcard testsuite/fuzz/fuzz_*.c))
fuzz-help := $(filter-out $(fuzz-main),$(sort $(wildcard testsuite/fuzz/*.c)))
unit-programs := $(unit-main:testsuite/%.c=$(SAN)/%)
fuzz-programs := $(fuzz-main:testsuite/%.c=$(SAN)/%)
tool-programs := $(patsubst testsuite/tools/%.c,$(O)/tools/%,$(sort $(wildcard testsuite/tools/*.c)))

# All of rlc but its main, sanitized
san-applets := $(filter-out applets/rlc.c,$(applet-c))
san-o := $(call objects,$(SAN)/obj,$(san-applets) $(gen-c))
$(SAN)/obj/applets.list: FORCE
	$(Q)mkdir -p $(@D); echo $(san-o) | { $(update); }
$(SAN)/obj/applets.a: $(SAN)/obj/applets.list $(san-o)
	$(Q)rm -f $@; ar rcsD $@.$$$$ $(filter %.o,$^); mv $@.$$$$ $@
san-archives := $(SAN)/obj/applets.a $(SAN)/obj/core.a

define san-link # driver flags, objects
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(san-cc) $1 -o $@ $2 -Wl,--start-group $(san-archives) $(call lib-link,san) \
		-Wl,--end-group -pthread
endef
$(unit-programs): $(SAN)/%: $(SAN)/obj/testsuite/%.o $(call objects,$(SAN)/obj,$(unit-help)) $(san-archives)
	$(call san-link,$(sanitizers),$(filter-out $(san-archives),$^))
$(fuzz-programs): $(SAN)/%: $(SAN)/obj/testsuite/%.o $(call objects,$(SAN)/obj,$(fuzz-help)) $(san-archives)
	$(call san-link,$(sanitizers)$(comma)fuzzer,$(filter-out $(san-archives),$^))
$(SAN)/rlc: $(SAN)/obj/applets/rlc.o $(san-archives)
	$(call san-link,$(sanitizers),$<)

# tools/x.c is a program, with what is in the folder tools/x where there is one
define tool-rule # NAME
$(O)/tools/$1: $(call objects,$(OBJ),testsuite/tools/$1.c $(sort $(wildcard testsuite/tools/$1/*.c))) \
		$(OBJ)/core.a
	$$(call say,LINK,$$@)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$(musl-cc) $(musl-link) -o $$@ $$^ -Wl,--start-group $(call lib-link,musl) -Wl,--end-group
endef
$(foreach program,$(tool-programs),$(eval $(call tool-rule,$(notdir $(program)))))

# What the scripts find things by
test-env = RLC=$(abspath $(O)/rlc) O=$(abspath $(O)) VERSION=$(VERSION)

.PHONY: lint format check-build demo check check-programs bench fuzz tools unit
tools: $(tool-programs)
unit: $(unit-programs)
check-programs: $(unit-programs) $(fuzz-programs) $(tool-programs) $(SAN)/rlc

## Testing
demo: $(O)/rlc | need-demo ## build all, then show the main job on real input
	$(Q)$(test-env) testsuite/demo
check: $(O)/rlc check-programs man | need-check ## run every test
	$(Q)$(test-env) testsuite/run $(TESTS)
bench: $(O)/rlc tools | need-bench ## speed and memory, side by side with what is installed
	$(Q)$(test-env) testsuite/bench/run
	$(Q)$(test-env) testsuite/bench/unshare
	$(Q)$(test-env) testsuite/bench/image
	$(Q)$(test-env) testsuite/bench/build
fuzz: $(fuzz-programs) ## fuzz each target; FUZZ_SECONDS=600
	$(Q)$(test-env) testsuite/fuzz/run
format: | need-lint ## lay out all C files as .clang-format says
	$(Q)git ls-files -co --exclude-standard '*.c' '*.h' | xargs clang-format -i
lint: $(proto-c) $(gen-c) $(call lib-done,musl) | need-lint ## format, warnings, cppcheck, shellcheck, the house's rules
	$(Q)config/lint $(filter-out -g -f%,$(base-flags)) $(call lib-include,musl)
check-build: $(O)/rlc ## test the build itself: exact, repeatable, the same in another folder
	$(Q)MAKEFLAGS= config/check-build $(abspath $(LIB)) $(abspath $(SRC)) $(abspath $(O)/rlc)
