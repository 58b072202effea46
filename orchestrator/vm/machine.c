/* SPDX-License-Identifier: Apache-2.0 */
/* machine.c - domain XML. */
#include "vm/machine.h"

#include "lib/own.h"
#include "lib/xalloc.h"

#include <stdarg.h>

struct text {
	char *p;
	size_t len;
};

__attribute__((format(printf, 2, 3))) static void
add(struct text *t, const char *fmt, ...)
{
	auto_free char *more = NULL;
	va_list args;
	size_t n;

	va_start(args, fmt);
	if (vasprintf(&more, fmt, args) == -1)
		abort();
	va_end(args);
	n = strlen(more);
	t->p = xrealloc(t->p, t->len + n + 1);
	memcpy(t->p + t->len, more, n + 1);
	t->len += n;
}

/* Text as XML content or attribute; the caller frees. */
static char *
escape(const char *s)
{
	struct text t = {0};

	add(&t, "%s", "");
	for (; *s != '\0'; s++) {
		if (strchr("<>&'\"", *s) != NULL)
			add(&t, "&#%d;", *s);
		else
			add(&t, "%c", *s);
	}
	return t.p;
}

static void
add_element(struct text *t, const char *name, const char *value)
{
	auto_free char *safe = escape(value);

	if (value[0] != '\0')
		add(t, "<%s>%s</%s>", name, safe, name);
}

static void
add_disk(struct text *t, const struct machine *m)
{
	auto_free char *path = escape(m->overlay);

	/* Nothing of a run's disk is to survive a crash of the host. */
	add(t,
	    "<disk type='file' device='disk'>"
	    "<driver name='qemu' type='qcow2' cache='unsafe'/>"
	    "<source file='%s'/><target dev='vda' bus='virtio'/></disk>",
	    path);
}

/*
 * All offloads off: frames on the tap are frames as on a wire, complete with
 * checksums, so that the capture shows them and simnet needs no segmentation.
 */
static void
add_network(struct text *t, const struct machine *m)
{
	auto_free char *tap = escape(m->tap);

	if (m->tap[0] == '\0')
		return;
	add(t,
	    "<interface type='ethernet'><mac address='52:54:00:10:e9:02'/>"
	    "<target dev='%s' managed='no'/><model type='virtio'/>"
	    "<driver name='qemu'><host csum='off' gso='off' tso4='off' "
	    "tso6='off' ecn='off' ufo='off' mrg_rxbuf='off'/>"
	    "<guest csum='off' tso4='off' tso6='off' ecn='off' ufo='off'/>"
	    "</driver>",
	    tap);
	add(t, "</interface>");
}

static void
add_devices(struct text *t, const struct machine *m)
{
	auto_free char *serial = escape(m->serial);
	auto_free char *channel = escape(m->profile->channel);

	add(t, "<devices>");
	add_disk(t, m);
	add_network(t, m);
	add(t,
	    "<channel type='unix'><source mode='bind'/>"
	    "<target type='virtio' name='%s'/></channel>",
	    channel);
	add(t,
	    "<serial type='file'><source path='%s' append='off'/>"
	    "<target port='0'/></serial>",
	    serial);
	add(t, "<rng model='virtio'><backend model='random'>/dev/urandom"
	       "</backend></rng><memballoon model='none'/>"
	       "<panic model='isa'/></devices>");
}

void
machine_init(struct machine *machine, size_t slot)
{
	*machine = (struct machine){.slot = slot};
	(void)snprintf(machine->name, sizeof(machine->name),
	    MACHINE_PREFIX "%hhu", (unsigned char)slot);
	(void)snprintf(machine->tap, sizeof(machine->tap), "loep-tap%hhu",
	    (unsigned char)slot);
}

char *
machine_xml(const struct machine *m)
{
	const struct profile *p = m->profile;
	auto_free char *cpu = escape(p->cpu);
	auto_free char *arch = escape(p->arch);
	auto_free char *board = escape(p->machine);
	struct text t = {0};

	add(&t, "<domain type='%s'><name>%s</name>", m->is_kvm ? "kvm" : "qemu",
	    m->name);
	/* One for each slot, for ever: a saved image keeps its UUID. */
	add(&t, "<uuid>6c6f6570-0000-4000-8000-%012x</uuid>",
	    (unsigned int)m->slot);
	add(&t, "<memory unit='MiB'>%u</memory><vcpu>%u</vcpu>", p->memory_mib,
	    p->vcpus);
	add(&t, "<os><type arch='%s' machine='%s'>hvm</type>", arch, board);
	add_element(&t, "kernel", p->kernel);
	add_element(&t, "initrd", p->initrd);
	add_element(&t, "cmdline", p->kernel[0] != '\0' ? p->cmdline : "");
	add(&t, "</os><features><acpi/></features>");
	if (m->is_kvm)
		add(&t, "<cpu mode='host-model'/>");
	else
		add(&t,
		    "<cpu mode='custom' match='exact' check='none'>"
		    "<model fallback='forbid'>%s</model></cpu>",
		    cpu);
	add(&t, "<clock offset='utc'/><on_poweroff>destroy</on_poweroff>"
		"<on_reboot>destroy</on_reboot><on_crash>destroy</on_crash>");
	add_devices(&t, m);
	add(&t, "</domain>");
	return t.p;
}
