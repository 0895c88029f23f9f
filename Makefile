# pidtap: tcpdump that knows who. `make` builds build/pidtap and build/pidtap-cc; `make help` lists the rest.
#
#   make V=1       show the commands        make SAN=1     address and undefined-behaviour sanitizers
#   make WERROR=1  warnings are errors      make DESTDIR= PREFIX=/usr install

VERSION := 0.1
PREFIX ?= /usr/local
O ?= build

PKGS := libpcap libmnl libarchive libelf zlib libbpf capstone
CFLAGS ?= -O2 -g
CFLAGS += -std=gnu11 -Wall -Wextra -Wshadow -Wvla -Wmissing-prototypes -Wstrict-prototypes -Wno-missing-field-initializers
CPPFLAGS += -D_GNU_SOURCE -DPIDTAP_VERSION='"$(VERSION)"' -Isrc -I. $(shell pkg-config --cflags $(PKGS))
LDLIBS_pidtap := -lbcc_bpf $(shell pkg-config --libs $(PKGS)) -lmd
LDLIBS_pidtap-cc := -lbcc -lmd
ifeq ($(WERROR),1)
CFLAGS += -Werror
endif
ifeq ($(SAN),1)
CFLAGS += -fsanitize=address,undefined -fno-omit-frame-pointer
LDFLAGS += -fsanitize=address,undefined
endif
ifneq ($(V),1)
Q := @
say = @printf '  %-5s %s\n' '$(1)' '$(2)';
endif

SRC := $(wildcard src/*.c src/base/*.c src/model/*.c src/source/*.c src/pipeline/*.c src/out/*.c compat/*.c kheaders/*.c)
SRC_CC := $(wildcard src/cc/*.c) src/source/bundle.c src/source/bundle_file.c src/base/buf.c src/base/clock.c src/base/log.c src/base/patient.c
OBJ := $(SRC:%.c=$(O)/obj/%.o) $(O)/obj/bpf_text.o
OBJ_CC := $(SRC_CC:%.c=$(O)/obj/%.o)
PROBES := $(wildcard probes/*.c probes/*.h)

.DELETE_ON_ERROR:
.PHONY: all clean install help
all: $(O)/pidtap $(O)/pidtap-cc

$(O)/pidtap: $(OBJ)
	$(call say,LD,$@)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS_pidtap)

$(O)/pidtap-cc: $(OBJ_CC)
	$(call say,LD,$@)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS_pidtap-cc)

$(O)/obj/%.o: %.c
	$(Q)mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# probes/ is flattened into one text (libbcc rewrites the main file only) and embedded as a C array.
$(O)/bpf_text.c: tools/embed $(PROBES)
	$(Q)mkdir -p $(@D)
	$(call say,EMBED,$@)tools/embed probes/main.c > $@

$(O)/obj/bpf_text.o: $(O)/bpf_text.c
	$(Q)mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

clean:
	rm -rf $(O)

-include $(shell find $(O)/obj -name '*.d' 2>/dev/null)

# ---- tests, demo, install ----
# What is missing of compilers, libraries and programs is installed first: tools/install-deps.

SAN_FLAGS := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
HEADERS := $(wildcard src/*.h src/*/*.h compat/*.h kheaders/*.h probes/events.h tests/*/*.h tools/bench/*.h)
UNIT := $(patsubst tests/unit/%.c,$(O)/tests/%,$(wildcard tests/unit/test_*.c))
TEST_TOOLS := $(patsubst %.c,$(O)/tests/%,$(notdir \
	$(shell grep -ls '^/\* links: ' tests/probes/*.c tests/tls/*.c tests/golden/*.c tests/fuzz/*.c tests/live/*.c)))
# The virtual machines: the back-end this machine may lack. They are emulated, 20 times slower than real ones, so there the whole
# matrix is played, and of the live tests those that depend on back-end or kernel and are not scenarios, and real programs with each release's
# TLS libraries. Others:
# make check-vm VM_LIVE=netns,filters VM_SCENARIOS=tcp-connect
VM_LIVE ?= bundle,strict,tc,tls,tls-ktls,tls-starttls,tls-web
VM_SCENARIOS ?=
VM_MATRIX = tests/matrix/run --table /var/cache/pidtap-vm-out/matrix.md $(VM_SCENARIOS) || status=1;
VM_TEST = env PIDTAP_BACKENDS=kprobe PIDTAP_NO_SKIP=1 sh -c 'status=0; tests/run live:$(VM_LIVE) || status=1; $(VM_MATRIX) exit $$status'
VM_TIMEOUT ?= 3600

.PHONY: demo check check-native check-unit check-cli check-live check-vm check-vm-one matrix check-headers check-scripts lint bench-conn unit-tests live-tools test-tools help

help:
	@sed -n 's/^#   //p; s/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 24

demo: ## a private network, traffic in it, and pidtap on it: build/demo/demo.pcapng
	@tools/install-deps build demo
	@+$(MAKE) --no-print-directory -j"$$(nproc)" all $(O)/tests/peer
	@tools/demo

check: ## all tests that need no virtual machine, and some with Debian 12's kernel in one
	@status=0; $(MAKE) --no-print-directory check-native || status=1; \
	$(MAKE) --no-print-directory check-vm-one || status=1; exit $$status

check-native: ## all tests that need no virtual machine, the matrix among them
	@tools/install-deps build demo check vm
	@+$(MAKE) --no-print-directory -j"$$(nproc)" all test-tools unit-tests
	@status=0; tools/vm/vm tree bullseye || status=1; \
	tests/run unit cli probes golden fuzz tls matrix live || status=1; \
	tests/matrix/run --table $(O)/matrix.md || status=1; exit $$status

check-unit: unit-tests ## unit tests, under address and undefined-behaviour sanitizers
	@tests/run unit

check-cli: all ## tests that need neither root nor a network
	@tests/run cli

check-live: all test-tools ## tests on private network namespaces; root
	@tests/run live

check-vm-one: VM_LIVE := attribution,bundle,exthdr,filters
check-vm-one: VM_MATRIX :=
check-vm-one: ## the live tests of the kprobe back-end, on Debian 12's kernel
	tools/vm/vm tree bookworm
	tools/vm/vm build bookworm
	tools/vm/vm run --timeout $(VM_TIMEOUT) bookworm -- $(VM_TEST)

check-vm: ## the matrix and some live tests on Debian 11, 12, 13 and sid, each with its own kernel, compiler and libbcc
	@tools/install-deps build demo check vm
	tools/vm/vm matrix --timeout $(VM_TIMEOUT) -- $(VM_TEST)

matrix: all $(O)/tests/scenario ## how often the answer is right: a table over all kinds of traffic; root
	@tests/matrix/run

check-headers: ## each header compiles by itself
	@for h in $(HEADERS); do \
		echo "#include \"$$h\"" | $(CC) $(CPPFLAGS) $(CFLAGS) -Werror -fsyntax-only -x c - || exit 1; done

check-scripts: ## shellcheck
	@grep -rlE '^#!/bin/(ba)?sh' --exclude-dir=.git --exclude-dir=$(O) . | xargs shellcheck -x

lint: check-headers check-scripts ## headers, scripts, layers
	@tools/check-layers

bench-conn: $(O)/bench-conn ## what a million connections cost the table of them: bytes and time; asserts nothing
	@$<

unit-tests: $(UNIT)
live-tools: $(O)/tests/peer $(O)/tests/scenario $(O)/tests/strict $(O)/tests/tls_calls
test-tools: live-tools $(TEST_TOOLS) $(O)/tests/tls_static

$(O)/tests/peer: tests/peer.c
	$(Q)mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $< -lpthread

# The traffic of the attribution matrix: a file a scenario, all in one program.
MATRIX_SRC := $(wildcard tests/matrix/*.c tests/matrix/scenarios/*.c)
$(O)/tests/scenario: $(MATRIX_SRC:%.c=$(O)/obj/%.o)
	$(Q)mkdir -p $(@D)
	$(call say,LD,$@)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lpthread

# The first comment of a test program, "links: ...", names the sources and libraries it is linked with.
links = $(shell sed -n '/^\/\* links: /{:a;/\*\//!{N;ba;};s/^.. links: //;s/ *\*\/.*//;s/\n *\*\{0,1\}/ /g;p;q;}' $(1))
# not in the rule: a % there would become the stem
linked_sources = $(filter %.c,$(call links,$(1)))

define linked_programs
$$(O)/tests/%: tests/$(1)/%.c $$$$(call linked_sources,tests/$(1)/$$$$*.c) $$(HEADERS)
	$$(Q)mkdir -p $$(@D)
	$$(call say,CC,$$@)$$(CC) $$(CPPFLAGS) -Itests/unit $$(CFLAGS) $$(SAN_FLAGS) -o $$@ $$< $$(call links,$$<)
endef
.SECONDEXPANSION:
$(foreach dir,unit probes tls golden fuzz live,$(eval $(call linked_programs,$(dir))))

# Benches: without sanitizers, unlike the tests.
$(O)/bench-%: tools/bench/%.c $$(call linked_sources,tools/bench/$$*.c) $(HEADERS)
	$(Q)mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $< $(call links,$<)

install: all ## to $(DESTDIR)$(PREFIX)
	install -d $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/share/man/man8 \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions
	install -m 755 $(O)/pidtap $(O)/pidtap-cc $(DESTDIR)$(PREFIX)/sbin
	install -m 644 share/pidtap.8 $(DESTDIR)$(PREFIX)/share/man/man8
	install -m 644 share/pidtap.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/pidtap
