# SPDX-License-Identifier: Apache-2.0
# The browser app.  It is built in build/ui, where its packages and links to
# its sources are, and once for all kinds of builds.  Without Node.js the rest
# is built all the same, and says what is missing.

UI := build/ui
UI_SRCS := $(shell find orchestrator/ui -type f -not -name README.md -not -path '*/node_modules/*' 2>/dev/null)
UI_LINKS := src test scripts index.html vite.config.ts tsconfig.json .prettierrc.json .prettierignore

all: ui

#: ui		the browser app, in build/ui/dist
ui: $(UI)/stamp $(if $(filter-out build,$O),$O/ui)

# Everything but the sources is the same as long as the lock file is.
$(UI)/packages: orchestrator/ui/package-lock.json orchestrator/ui/package.json
	@scripts/ui-packages $(UI)

$(UI)/stamp: $(UI)/packages $(UI_SRCS)
	@if [ -d $(UI)/node_modules ]; then \
	    $(if $(V),,printf '  %-6s %s\n' UI '$(UI)/dist' &&) \
	    for f in $(UI_LINKS); do ln -sfn ../../orchestrator/ui/$$f $(UI)/$$f; done && \
	    (cd $(UI) && npm run --silent build >build.log 2>&1 || { cat build.log; exit 1; }); \
	fi
	@touch $@

# Programs look for it beside themselves.
$O/ui:
	@ln -sfn ../$(UI) $@

