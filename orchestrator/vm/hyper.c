/* SPDX-License-Identifier: Apache-2.0 */
/* hyper.c - the driver of slots through libvirt. */
#include "vm/hyper.h"

#include "lib/log.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define QEMU_IMG "/usr/bin/qemu-img"

struct hyper {
	virConnectPtr conn;
	char *uri;
	struct hyper_conf conf;
	int callback;
	pthread_t thread;
	atomic_bool is_stopping;
	atomic_int fate[HYPER_SLOTS_MAX];     /* enum guest_fate */
	atomic_bool is_ours[HYPER_SLOTS_MAX]; /* we are ending it ourselves */
};

static int
fail(char *why, const char *what, const char *object)
{
	(void)snprintf(why, DRIVER_WHY_BYTES, "%s %s: %s", what, object,
	    virGetLastErrorMessage());
	return ERR_SYS;
}

/* --- the event thread --- */

static void *
run_events(void *arg)
{
	struct hyper *h = arg;

	while (!h->is_stopping) {
		if (virEventRunDefaultImpl() == -1)
			log_line(LOG_WARN,
			    "msg=\"libvirt's event loop failed\" reason=\"%s\"",
			    virGetLastErrorMessage());
	}
	return NULL;
}

/* Wakes the event loop now and then, so that it sees is_stopping. */
static void
on_timer(int timer, void *opaque)
{
	(void)timer;
	(void)opaque;
}

static bool
slot_of(const char *name, size_t *ret_slot)
{
	const size_t prefix = strlen(MACHINE_PREFIX);
	unsigned long n;
	char *end;

	if (name == NULL || strncmp(name, MACHINE_PREFIX, prefix) != 0)
		return false;
	n = strtoul(name + prefix, &end, 10);
	if (*end != '\0' || end == name + prefix || n >= HYPER_SLOTS_MAX)
		return false;
	*ret_slot = (size_t)n;
	return true;
}

static int
on_lifecycle(virConnectPtr conn, virDomainPtr domain, int event, int detail,
    void *opaque)
{
	struct hyper *h = opaque;
	enum guest_fate fate;
	size_t slot;

	(void)conn;
	if (!slot_of(virDomainGetName(domain), &slot) || h->is_ours[slot])
		return 0;
	if (event == VIR_DOMAIN_EVENT_CRASHED)
		fate = GUEST_CRASHED;
	else if (event == VIR_DOMAIN_EVENT_SHUTDOWN)
		fate = GUEST_OFF;
	else if (event == VIR_DOMAIN_EVENT_STOPPED)
		fate = detail == VIR_DOMAIN_EVENT_STOPPED_CRASHED ||
			       detail == VIR_DOMAIN_EVENT_STOPPED_FAILED
			   ? GUEST_CRASHED
			   : GUEST_OFF;
	else
		return 0;
	/* A crash is followed by the end of the process: the first counts. */
	if (h->fate[slot] == GUEST_RUNS)
		h->fate[slot] = fate;
	h->conf.changed(h->conf.arg, slot);
	return 0;
}

static void
on_error(void *arg, virErrorPtr error)
{
	/* Where a call fails, its caller says so. */
	(void)arg;
	(void)error;
}

/* --- opening --- */

static int
write_conf(const char *root, char *why)
{
	static const char text[] = "stdio_handler = \"file\"\n"
				   "security_driver = \"none\"\n"
				   "dynamic_ownership = 0\n"
				   "remember_owner = 0\n"
				   "seccomp_sandbox = 1\n"
				   "dump_guest_core = 0\n"
				   "cgroup_controllers = [ ]\n"
				   "save_image_format = \"raw\"\n";
	auto_free char *dir = xasprintf("%s/etc", root);
	auto_free char *path = xasprintf("%s/etc/qemu.conf", root);
	FILE *f;

	(void)mkdir(root, 0700);
	(void)mkdir(dir, 0700);
	f = fopen(path, "we");
	if (f == NULL || fputs(text, f) == EOF || fclose(f) == EOF) {
		(void)snprintf(why, DRIVER_WHY_BYTES, "writing %s: %s", path,
		    strerror(errno));
		return ERR_SYS;
	}
	return ERR_OK;
}

static int
connect_to(struct hyper *h, char *why)
{
	h->conn = virConnectOpen(h->uri);
	if (h->conn == NULL)
		return fail(why, "opening", h->uri);
	h->callback = virConnectDomainEventRegisterAny(h->conn, NULL,
	    VIR_DOMAIN_EVENT_ID_LIFECYCLE,
	    VIR_DOMAIN_EVENT_CALLBACK(on_lifecycle), h, NULL);
	if (h->callback == -1)
		return fail(why, "watching", h->uri);
	return ERR_OK;
}

int
hyper_open(const struct hyper_conf *conf, char *why, struct hyper **ret_hyper)
{
	struct hyper *h = xcalloc(1, sizeof(*h));
	int err;

	h->conf = *conf;
	h->callback = -1;
	virSetErrorFunc(NULL, on_error);
	if (conf->uri != NULL && conf->uri[0] != '\0') {
		h->uri = xstrdup(conf->uri);
	} else {
		h->uri = xasprintf("qemu:///embed?root=%s", conf->root);
		err = write_conf(conf->root, why);
		if (err != ERR_OK)
			return err;
	}
	/* What fails is told by who called; its own words are no log. */
	(void)setenv("LIBVIRT_LOG_OUTPUTS", "4:file:/dev/null", 1);
	if (virInitialize() == -1 || virEventRegisterDefaultImpl() == -1)
		return fail(why, "starting", "libvirt");
	(void)virEventAddTimeout(1000, on_timer, NULL, NULL);
	if (pthread_create(&h->thread, NULL, run_events, h) != 0) {
		(void)snprintf(why, DRIVER_WHY_BYTES, "no thread");
		return ERR_SYS;
	}
	err = connect_to(h, why);
	if (err != ERR_OK) {
		hyper_close(h);
		return err;
	}
	*ret_hyper = h;
	return ERR_OK;
}

void
hyper_close(struct hyper *hyper)
{
	if (hyper == NULL)
		return;
	if (hyper->callback != -1)
		(void)virConnectDomainEventDeregisterAny(
		    hyper->conn, hyper->callback);
	if (hyper->conn != NULL)
		(void)virConnectClose(hyper->conn);
	hyper->is_stopping = true;
	(void)pthread_join(hyper->thread, NULL);
	free(hyper->uri);
	free(hyper);
}

json_t *
hyper_versions(struct hyper *hyper)
{
	unsigned long lib = 0, hypervisor = 0;
	const char *type = virConnectGetType(hyper->conn);

	(void)virConnectGetLibVersion(hyper->conn, &lib);
	(void)virConnectGetVersion(hyper->conn, &hypervisor);
	return json_pack("{ss s:o s:o ss}", "uri", hyper->uri, "libvirt",
	    json_sprintf(
		"%lu.%lu.%lu", lib / 1000000, lib / 1000 % 1000, lib % 1000),
	    "version",
	    json_sprintf("%lu.%lu.%lu", hypervisor / 1000000,
		hypervisor / 1000 % 1000, hypervisor % 1000),
	    "hypervisor", type == NULL ? "" : type);
}

size_t
hyper_sweep(struct hyper *hyper)
{
	virDomainPtr *all = NULL;
	int count = virConnectListAllDomains(hyper->conn, &all, 0);
	size_t swept = 0, slot;

	for (int i = 0; i < count; i++) {
		if (slot_of(virDomainGetName(all[i]), &slot)) {
			hyper->is_ours[slot] = true;
			if (virDomainDestroy(all[i]) == 0)
				swept++;
			if (virDomainIsPersistent(all[i]) == 1)
				(void)virDomainUndefine(all[i]);
		}
		(void)virDomainFree(all[i]);
	}
	free(all);
	return swept;
}

/* --- the driver --- */

static void
expect_guest(struct hyper *h, size_t slot)
{
	h->fate[slot] = GUEST_RUNS;
	h->is_ours[slot] = false;
}

static int
do_boot(void *arg, const struct machine *m, char *why)
{
	struct hyper *h = arg;
	auto_free char *xml = machine_xml(m);
	virDomainPtr domain;

	expect_guest(h, m->slot);
	domain = virDomainCreateXML(h->conn, xml, 0);
	if (domain == NULL)
		return fail(why, "starting", m->name);
	(void)virDomainFree(domain);
	return ERR_OK;
}

static int
do_save(void *arg, const struct machine *m, const char *path, char *why)
{
	struct hyper *h = arg;
	virDomainPtr domain = virDomainLookupByName(h->conn, m->name);
	int saved;

	if (domain == NULL)
		return fail(why, "finding", m->name);
	h->is_ours[m->slot] = true;
	saved = virDomainSaveFlags(domain, path, NULL, 0);
	if (saved == -1)
		(void)fail(why, "saving", m->name);
	(void)virDomainFree(domain);
	return saved == -1 ? ERR_SYS : ERR_OK;
}

static int
do_restore(void *arg, const struct machine *m, const char *path, char *why)
{
	struct hyper *h = arg;
	auto_free char *xml = machine_xml(m);

	expect_guest(h, m->slot);
	if (virDomainRestoreFlags(
		h->conn, path, xml, VIR_DOMAIN_SAVE_RUNNING) == -1)
		return fail(why, "restoring", m->name);
	return ERR_OK;
}

static int
do_destroy(void *arg, const struct machine *m, char *why)
{
	struct hyper *h = arg;
	virDomainPtr domain;
	int err = ERR_OK;

	h->is_ours[m->slot] = true;
	domain = virDomainLookupByName(h->conn, m->name);
	if (domain == NULL)
		return ERR_OK;
	if (virDomainDestroy(domain) == -1 &&
	    virGetLastErrorCode() != VIR_ERR_OPERATION_INVALID &&
	    virGetLastErrorCode() != VIR_ERR_NO_DOMAIN)
		err = fail(why, "destroying", m->name);
	(void)virDomainFree(domain);
	return err;
}

static int
do_open_port(
    void *arg, const struct machine *m, struct port **ret_port, char *why)
{
	struct hyper *h = arg;
	virDomainPtr domain = virDomainLookupByName(h->conn, m->name);
	int err;

	if (domain == NULL)
		return fail(why, "finding", m->name);
	err = hyper_port_open(
	    h->conn, domain, m->profile->channel, why, ret_port);
	(void)virDomainFree(domain);
	return err;
}

static int
do_overlay(void *arg, const char *backing, const char *path, char *why)
{
	extern char **environ;
	auto_free char *from = xstrdup(backing);
	auto_free char *to = xstrdup(path);
	char *argv[] = {(char[]){"qemu-img"}, (char[]){"create"},
	    (char[]){"-q"}, (char[]){"-f"}, (char[]){"qcow2"}, (char[]){"-F"},
	    (char[]){"qcow2"}, (char[]){"-b"}, from, to, NULL};
	int status = 0, error;
	pid_t pid;

	(void)arg;
	(void)unlink(path);
	error = posix_spawn(&pid, QEMU_IMG, NULL, NULL, argv, environ);
	if (error != 0) {
		(void)snprintf(why, DRIVER_WHY_BYTES, "starting %s: %s",
		    QEMU_IMG, strerror(error));
		return ERR_SYS;
	}
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		continue;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		(void)snprintf(why, DRIVER_WHY_BYTES,
		    "making the overlay %s over %s failed", path, backing);
		return ERR_SYS;
	}
	return ERR_OK;
}

static enum guest_fate
do_fate(void *arg, const struct machine *m)
{
	struct hyper *h = arg;

	return (enum guest_fate)h->fate[m->slot];
}

struct driver
hyper_driver(struct hyper *hyper)
{
	return (struct driver){
	    .boot = do_boot,
	    .save = do_save,
	    .restore = do_restore,
	    .destroy = do_destroy,
	    .open_port = do_open_port,
	    .overlay = do_overlay,
	    .fate = do_fate,
	    .arg = hyper,
	};
}
