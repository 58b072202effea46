/* SPDX-License-Identifier: Apache-2.0 */
/* slot.c - building, checking and cleaning a slot. */
#include "vm/slot.h"

#include "lib/limits.h"
#include "lib/loop.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/stat.h>

/* A profile's time is for a machine that has hardware virtualisation. */
#define EMULATION_FACTOR 4u
/* Changes with what a saved image must look like. */
#define SAVED_FORMAT 1
#define SAVED_BYTES  (16 * KIB)

int
slot_init(struct slot *slot, size_t number, const char *dir,
    const struct driver *driver, const struct slot_hooks *hooks)
{
	memset(slot, 0, sizeof(*slot));
	machine_init(&slot->machine, number);
	slot->limits = (struct slot_limits){
	    .answer_ms = 30000,
	    .silent_ms = 60000,
	    .ping_ms = 5000,
	    .grace_ms = 5000,
	    .collect_ms = 120000,
	    .trace_bytes = LIMIT_TRACE_BYTES,
	};
	slot->driver = *driver;
	slot->hooks = *hooks;
	if ((size_t)snprintf(slot->dir, sizeof(slot->dir), "%s", dir) >=
	    sizeof(slot->dir))
		return ERR_LIMIT;
	(void)snprintf(slot->machine.overlay, sizeof(slot->machine.overlay),
	    "%s/run.qcow2", dir);
	(void)snprintf(slot->machine.serial, sizeof(slot->machine.serial),
	    "%s/serial.log", dir);
	if (mkdir(dir, 0700) == -1 && errno != EEXIST)
		return ERR_SYS;
	slot->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (slot->wake_fd == -1)
		return ERR_SYS;
	(void)pthread_mutex_init(&slot->lock, NULL);
	return ERR_OK;
}

void
slot_release(struct slot *slot)
{
	slot_net_reset(slot);
	(void)close(slot->wake_fd);
	(void)pthread_mutex_destroy(&slot->lock);
}

void
slot_wake(struct slot *slot)
{
	uint64_t one = 1;

	(void)!write(slot->wake_fd, &one, sizeof(one));
}

void
slot_net_ready(struct slot *slot, int err, const char *proof)
{
	(void)pthread_mutex_lock(&slot->lock);
	free(slot->net.proof);
	slot->net.proof = xstrdup(proof);
	slot->net.err = err;
	slot->net.is_ready = true;
	(void)pthread_mutex_unlock(&slot->lock);
	slot_wake(slot);
}

void
slot_net_done(struct slot *slot, const char *summary)
{
	(void)pthread_mutex_lock(&slot->lock);
	free(slot->net.summary);
	slot->net.summary = xstrdup(summary);
	slot->net.is_done = true;
	(void)pthread_mutex_unlock(&slot->lock);
	slot_wake(slot);
}

void
slot_net_reset(struct slot *slot)
{
	(void)pthread_mutex_lock(&slot->lock);
	free(slot->net.proof);
	free(slot->net.summary);
	slot->net = (struct slot_net){0};
	(void)pthread_mutex_unlock(&slot->lock);
}

char *
slot_path(const struct slot *slot, const char *name)
{
	return xasprintf("%s/%s", slot->dir, name);
}

int
slot_verdict(void *arg, char *why)
{
	struct slot *slot = arg;

	if (slot->is_quitting || slot->is_cancelled) {
		(void)snprintf(why, SLOT_WHY_BYTES, "cancelled");
		return ERR_CONFLICT;
	}
	switch (slot->driver.fate(slot->driver.arg, &slot->machine)) {
	case GUEST_CRASHED:
		(void)snprintf(why, SLOT_WHY_BYTES, "the guest crashed");
		return ERR_CONFLICT;
	case GUEST_OFF:
		(void)snprintf(
		    why, SLOT_WHY_BYTES, "the guest powered off or rebooted");
		return ERR_CONFLICT;
	case GUEST_RUNS:
	default:
		return ERR_OK;
	}
}

/* --- the note beside a saved image --- */

static char *
saved_note(const struct slot *slot)
{
	auto_json json_t *note = json_pack("{si ss sb ss ss ss}", "format",
	    SAVED_FORMAT, "profile", slot->machine.profile->digest, "kvm",
	    (int)slot->machine.is_kvm, "versions", slot->versions, "cpu",
	    slot->machine.profile->cpu, "disk", slot->machine.profile->disk_id);

	return json_canonical(note);
}

static bool
saved_fits(const struct slot *slot)
{
	auto_free char *path = slot_path(slot, "saved.json");
	auto_free char *memory = slot_path(slot, "memory.save");
	auto_free char *boot = slot_path(slot, "boot.qcow2");
	auto_free char *want = saved_note(slot);
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	char have[SAVED_BYTES];
	ssize_t n;

	if (fd == -1 || access(memory, R_OK) == -1 || access(boot, R_OK) == -1)
		return false;
	n = read(fd, have, sizeof(have) - 1);
	if (n <= 0)
		return false;
	have[n] = '\0';
	return strcmp(have, want) == 0;
}

/* Last, and only then: without it the saved image does not count. */
static int
write_saved(const struct slot *slot, char *why)
{
	auto_free char *path = slot_path(slot, "saved.json");
	auto_free char *note = saved_note(slot);
	FILE *f = fopen(path, "we");

	if (f == NULL || fputs(note, f) == EOF || fclose(f) == EOF) {
		(void)snprintf(why, SLOT_WHY_BYTES, "writing %s: %s", path,
		    strerror(errno));
		return ERR_SYS;
	}
	return ERR_OK;
}

static void
forget_saved(const struct slot *slot)
{
	static const char *const files[] = {
	    "saved.json", "memory.save", "boot.qcow2", "run.qcow2"};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		auto_free char *path = slot_path(slot, files[i]);

		(void)unlink(path);
	}
}

/* --- steps --- */

static int
next_overlay(struct slot *slot, char *why)
{
	auto_free char *boot = slot_path(slot, "boot.qcow2");
	int err;

	if (slot->has_overlay)
		return ERR_OK;
	err = slot->driver.overlay(
	    slot->driver.arg, boot, slot->machine.overlay, why);
	slot->has_overlay = err == ERR_OK;
	return err;
}

/* Boots the machine and waits until its agent answers. */
static int
boot(struct slot *slot, const struct machine *m, char *why)
{
	uint64_t until_ms =
	    loop_now_ms() + m->profile->boot_timeout_s * 1000ull *
				(m->is_kvm ? 1 : EMULATION_FACTOR);
	auto_free struct guest *guest = xcalloc(1, sizeof(*guest));
	struct port *port = NULL;
	int err;

	err = slot->driver.boot(slot->driver.arg, m, why);
	if (err == ERR_OK)
		err = slot->driver.open_port(slot->driver.arg, m, &port, why);
	if (err != ERR_OK)
		return err;
	guest_init(guest, port, slot->wake_fd, slot_verdict, slot);
	err = guest_hello(guest, until_ms, why);
	if (err == ERR_OK)
		err = guest_ping(guest, until_ms, why);
	port_close(port);
	return err;
}

static int
build_anew(struct slot *slot, char *why, struct slot_times *times)
{
	auto_free char *overlay = slot_path(slot, "boot.qcow2");
	auto_free char *memory = slot_path(slot, "memory.save");
	struct machine m = slot->machine;
	uint64_t start_ms = loop_now_ms();
	int err;

	(void)snprintf(m.overlay, sizeof(m.overlay), "%s", overlay);
	forget_saved(slot);
	slot->has_overlay = false;
	err = profile_verify(m.profile, why);
	if (err == ERR_OK)
		err = slot->driver.overlay(
		    slot->driver.arg, m.profile->disk, m.overlay, why);
	if (err == ERR_OK)
		err = boot(slot, &m, why);
	times->boot_ms = loop_now_ms() - start_ms;
	start_ms = loop_now_ms();
	if (err == ERR_OK)
		err = slot->driver.save(slot->driver.arg, &m, memory, why);
	times->save_ms = loop_now_ms() - start_ms;
	if (err == ERR_OK)
		err = write_saved(slot, why);
	return err;
}

int
slot_build(struct slot *slot, const struct profile *profile, bool is_forced,
    char *why, struct slot_times *ret_times)
{
	struct slot_times times = {0};
	int err;

	slot->machine.profile = profile;
	err = slot->driver.destroy(slot->driver.arg, &slot->machine, why);
	if (err != ERR_OK)
		return err;
	times.is_reused = !is_forced && saved_fits(slot);
	if (!times.is_reused)
		err = build_anew(slot, why, &times);
	slot->has_overlay = slot->has_overlay && times.is_reused;
	if (err == ERR_OK)
		err = next_overlay(slot, why);
	if (err != ERR_OK) {
		char ignored[SLOT_WHY_BYTES];

		(void)slot->driver.destroy(
		    slot->driver.arg, &slot->machine, ignored);
		return err;
	}
	*ret_times = times;
	return ERR_OK;
}

int
slot_restore(struct slot *slot, char *why, struct port **ret_port)
{
	auto_free char *memory = slot_path(slot, "memory.save");
	int err = next_overlay(slot, why);

	if (err != ERR_OK)
		return err;
	/* Used from here on, whatever happens. */
	slot->has_overlay = false;
	err =
	    slot->driver.restore(slot->driver.arg, &slot->machine, memory, why);
	if (err != ERR_OK)
		return err;
	return slot->driver.open_port(
	    slot->driver.arg, &slot->machine, ret_port, why);
}

int
slot_clean(struct slot *slot, char *why)
{
	int err = slot->driver.destroy(slot->driver.arg, &slot->machine, why);

	if (err != ERR_OK)
		return err;
	slot->has_overlay = false;
	return next_overlay(slot, why);
}

int
slot_check(struct slot *slot, char *why)
{
	auto_free struct guest *guest = xcalloc(1, sizeof(*guest));
	char ignored[SLOT_WHY_BYTES];
	struct port *port = NULL;
	int err = slot_restore(slot, why, &port), cleaned;

	if (err == ERR_OK) {
		guest_init(guest, port, slot->wake_fd, slot_verdict, slot);
		err = guest_ping(
		    guest, loop_now_ms() + slot->limits.answer_ms, why);
	}
	port_close(port);
	cleaned = slot_clean(slot, err == ERR_OK ? why : ignored);
	return err == ERR_OK ? cleaned : err;
}
