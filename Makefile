# SPDX-License-Identifier: Apache-2.0
# The only build file a person calls; `make help` lists what it can do.

VERSION := 0.1
RELEASED := November 22, 2026

O ?= build
PREFIX ?= /usr/local
DESTDIR ?=
# A folder with the third-party sources; empty: the distribution's archive
SOURCES ?=

# Where the third-party libraries and their sources are; builds in several folders may share them
LIB ?= $(O)/lib
SRC ?= $(O)/src

GEN := $(O)/gen
OBJ := $(O)/obj
CONFIG ?= $(if $(filter build,$(O)),.config,$(O)/.config)
export GEN SOURCES
export PYTHONDONTWRITEBYTECODE := 1
export KCONFIG_CONFIG := $(CONFIG)
PYTHON := /usr/bin/python3

ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc)
endif
MAKEFLAGS += --no-builtin-rules --no-print-directory
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.SECONDARY:

comma := ,
Q := $(if $(V),,@)
say = @printf '  %-8s%s\n' '$1' '$2'
# Replaces $@ only if what standard input brings differs, so that what follows it stays as it is
update = cat >$@.$$$$; if cmp -s $@.$$$$ $@; then rm $@.$$$$; else mv $@.$$$$ $@; fi

.PHONY: all FORCE
all: $(O)/rlc

config-goals := menuconfig defconfig %_defconfig olddefconfig savedefconfig allyesconfig allnoconfig
plain-goals := help clean distclean sources size need-% lint-shell $(config-goals)
goals := $(or $(MAKECMDGOALS),all)
config-asked := $(filter $(config-goals),$(goals))
build-asked := $(filter-out $(plain-goals),$(goals))

ifneq ($(and $(config-asked),$(filter-out $(config-asked),$(goals))),)
# First the configuration, then what is built from it
.PHONY: $(goals) one-by-one
$(goals): one-by-one
one-by-one:
	+$(Q)for goal in $(goals); do $(MAKE) $$goal; done
else
include config/kconfig.mk
ifneq ($(build-asked),)
include $(GEN)/auto.mk $(GEN)/applets.mk
endif
include config/libs.mk config/compile.mk config/install.mk config/test.mk config/size.mk
endif

# Packages that a command misses: root gets them installed, others are told
.PHONY: need-build
need-%: FORCE
	$(Q)config/need $*
need-build: FORCE
	$(Q)config/need build

.PHONY: clean distclean help
clean: ## remove what was built, but for the third-party libraries
	$(Q)rm -rf $(GEN) $(OBJ) $(O)/rlc $(O)/rlc.* $(O)/san $(O)/size $(O)/man $(O)/tools
distclean: ## remove all that was built, and the configuration
	$(Q)rm -rf $(O) $(CONFIG) $(CONFIG).old

help: ## this
	$(Q)config/help Makefile config/*.mk
