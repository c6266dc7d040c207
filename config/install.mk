# SPDX-License-Identifier: Apache-2.0
# Man pages, completion, and all of it where it belongs.

bin := $(DESTDIR)$(PREFIX)/bin
man1 := $(DESTDIR)$(PREFIX)/share/man/man1
completions := $(DESTDIR)$(PREFIX)/share/bash-completion/completions
applets := $(sort $(applets-y))

$(O)/man/stamp: $(O)/rlc config/man-pages config/help_text.py
	$(call say,MAN,$(O)/man)
	$(Q)rm -rf $(@D)
	$(Q)VERSION=$(VERSION) RELEASED='$(RELEASED)' $(PYTHON) config/man-pages \
		$(abspath $<) $(@D) '$(applets)' $(applet-files)
	$(Q)touch $@
$(O)/rlc.completion: $(O)/rlc config/completion config/help_text.py
	$(Q)$(PYTHON) config/completion $(abspath $<) '$(applets)' >$@

.PHONY: man install
man: $(O)/man/stamp

## Installing
install: $(O)/rlc $(O)/rlc.completion man ## binary, a link an applet, man pages, completion
	$(Q)install -d $(bin) $(man1) $(completions)
	$(Q)install -m 755 $(O)/rlc $(bin)/rlc
	$(Q)install -m 644 $(O)/man/*.1 $(man1)/
	$(Q)install -m 644 $(O)/rlc.completion $(completions)/rlc
	$(Q)for name in $(applets); do \
		ln -sfn rlc $(bin)/rlc-$$name; \
		ln -sfn rlc $(completions)/rlc-$$name; \
	done
	$(call say,INSTALL,$(bin)/rlc)
