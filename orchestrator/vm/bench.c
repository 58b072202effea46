/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench.c - what can be asked of loep-vm without a loepd.
 *
 *	loep-vm --probe IMAGE_DIR		does KVM work, which images are there
 *	loep-vm --bench IMAGE_DIR FOLDER [N]	cold boot against N restores
 *
 * Both print one JSON object.  The machines of --bench have no network at
 * all.
 */
#include "vm/bench.h"

#include "lib/log.h"
#include "lib/loop.h"
#include "lib/own.h"
#include "lib/xalloc.h"
#include "vm/hyper.h"
#include "vm/kvm.h"
#include "vm/slot.h"

#include <sys/stat.h>

#define ROUNDS_MAX 100

static void
on_bad(const char *name, const char *why)
{
	(void)fprintf(stderr, "loep-vm: %s: %s\n", name, why);
}

static void
print(json_t *json)
{
	auto_json json_t *owned = json;
	auto_free char *text = json_canonical(owned);

	(void)printf("%s\n", text);
}

static int
probe(const char *image_dir)
{
	struct profile *profiles = xcalloc(PROFILES_MAX, sizeof(*profiles));
	size_t count = profile_list(image_dir, profiles, PROFILES_MAX, on_bad);
	json_t *list = json_array();
	char why[KVM_WHY_BYTES] = "no guest image to try KVM with";
	bool works = false;

	for (size_t i = 0; i < count; i++) {
		(void)json_array_append_new(
		    list, profile_summary(&profiles[i]));
		if (i == 0)
			works = kvm_works(profiles[i].kernel, NULL, why);
	}
	print(json_pack(
	    "{sb ss s:o}", "kvm", (int)works, "reason", why, "profiles", list));
	free(profiles);
	return count > 0 ? 0 : 1;
}

static int
by_value(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void
no_progress(void *arg, const struct slot *slot, const char *state,
    unsigned int percent, const char *text)
{
	(void)arg;
	(void)slot;
	(void)state;
	(void)percent;
	(void)text;
}

static void
no_net_begin(void *arg, const struct slot *slot, const char *policy, int fd)
{
	(void)arg;
	(void)slot;
	(void)policy;
	if (fd != -1)
		(void)close(fd);
}

static void
no_net_end(void *arg, const struct slot *slot)
{
	(void)arg;
	(void)slot;
}

/* One restore until the agent answers, in ms; 0 where it failed. */
static uint64_t
measure_restore(struct slot *slot, char *why)
{
	auto_free struct guest *guest = xcalloc(1, sizeof(*guest));
	char ignored[SLOT_WHY_BYTES];
	uint64_t start_ms = loop_now_ms(), took_ms = 0;
	struct port *port = NULL;
	int err = slot_restore(slot, why, &port);

	if (err == ERR_OK) {
		guest_init(guest, port, slot->wake_fd, slot_verdict, slot);
		err = guest_ping(guest, loop_now_ms() + 30000, why);
	}
	if (err == ERR_OK)
		took_ms = loop_now_ms() - start_ms;
	port_close(port);
	/* A slot that cannot be cleaned makes the next restore fail. */
	err = slot_clean(slot, err != ERR_OK ? ignored : why);
	return err == ERR_OK ? took_ms : 0;
}

static int
measure(struct slot *slot, const struct profile *profile, size_t rounds)
{
	uint64_t restores[ROUNDS_MAX];
	char why[SLOT_WHY_BYTES] = "";
	struct slot_times times;

	if (slot_build(slot, profile, true, why, &times) != ERR_OK) {
		(void)fprintf(stderr, "loep-vm: building: %s\n", why);
		return 1;
	}
	for (size_t i = 0; i < rounds; i++) {
		restores[i] = measure_restore(slot, why);
		if (restores[i] == 0) {
			(void)fprintf(stderr, "loep-vm: restoring: %s\n", why);
			return 1;
		}
	}
	qsort(restores, rounds, sizeof(restores[0]), by_value);
	print(json_pack("{ss ss sI sI sI sf}", "profile", profile->name,
	    "accel", slot->machine.is_kvm ? "kvm" : "tcg", "boot_ms",
	    (json_int_t)times.boot_ms, "save_ms", (json_int_t)times.save_ms,
	    "restore_ms", (json_int_t)restores[rounds / 2],
	    "vm_boot_vs_restore",
	    (double)times.boot_ms / (double)restores[rounds / 2]));
	return 0;
}

static void
on_changed(void *arg, size_t slot)
{
	(void)slot;
	if (((struct slot *)arg)->wake_fd > 0)
		slot_wake(arg);
}

static int
bench(const char *image_dir, const char *folder, size_t rounds)
{
	static struct profile profiles[PROFILES_MAX];
	static struct slot slot;
	const struct slot_hooks hooks = {
	    no_progress, no_net_begin, no_net_end, NULL};
	auto_free char *root = xasprintf("%s/libvirt", folder);
	auto_free char *dir = xasprintf("%s/slot", folder);
	const struct hyper_conf conf = {
	    .root = root, .changed = on_changed, .arg = &slot};
	char why[DRIVER_WHY_BYTES] = "no guest image";
	struct hyper *hyper;
	struct driver driver;
	int status;

	(void)mkdir(folder, 0700);
	(void)setenv("HOME", folder, 1);
	(void)setenv("XDG_RUNTIME_DIR", folder, 1);
	if (profile_list(image_dir, profiles, PROFILES_MAX, on_bad) == 0 ||
	    hyper_open(&conf, why, &hyper) != ERR_OK) {
		(void)fprintf(stderr, "loep-vm: %s\n", why);
		return 1;
	}
	(void)hyper_sweep(hyper);
	driver = hyper_driver(hyper);
	if (slot_init(&slot, 0, dir, &driver, &hooks) != ERR_OK)
		return 1;
	slot.machine.tap[0] = '\0';
	slot.machine.is_kvm = kvm_works(profiles[0].kernel, NULL, why);
	status = measure(&slot, &profiles[0], rounds);
	(void)driver.destroy(driver.arg, &slot.machine, why);
	return status;
}

int
bench_main(int argc, char *argv[])
{
	long rounds = argc > 4 ? strtol(argv[4], NULL, 10) : 3;

	log_init("loep-vm");
	if (argc == 3 && strcmp(argv[1], "--probe") == 0)
		return probe(argv[2]);
	if (argc >= 4 && strcmp(argv[1], "--bench") == 0 && rounds > 0 &&
	    rounds <= ROUNDS_MAX)
		return bench(argv[2], argv[3], (size_t)rounds);
	(void)fprintf(stderr,
	    "usage: loep-vm --probe IMAGE_DIR\n"
	    "       loep-vm --bench IMAGE_DIR FOLDER [ROUNDS]\n"
	    "otherwise loepd starts it\n");
	return 64;
}
