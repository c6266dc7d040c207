# SPDX-License-Identifier: Apache-2.0
.PHONY: man
man:
