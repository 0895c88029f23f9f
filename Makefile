# pidtap: tcpdump that knows who. `make` builds build/pidtap and build/pidtap-cc; `make help` lists the rest.
#
#   make V=1       show the commands        make SAN=1     address and undefined-behaviour sanitizers
#   make WERROR=1  warnings are errors      make DESTDIR= PREFIX=/usr install

VERSION := 0.1
PREFIX ?= /usr/local
O ?= build

PKGS := libpcap libmnl libarchive libelf zlib libbpf
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
SRC_CC := $(wildcard src/cc/*.c) src/source/bundle.c src/base/buf.c src/base/log.c
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
