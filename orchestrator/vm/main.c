/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loep-vm - the pool of virtual machines.
 *
 * Touches: the folder STATE/vm, the guest images (read), libvirt's embedded
 *	driver and QEMU, which run below it in its namespace and its cage.
 * Trusts:  the guest images; loepd, and sched for what a run is; nothing that
 *	comes from a guest once a sample has started (watch.h).
 * Ends:	at STOP, or when loepd ends; its machines end with it (shadow.h).
 *
 * `loep-vm --probe IMAGE_DIR` and `--bench IMAGE_DIR FOLDER` are for
 * `loep doctor` and `make bench`.
 */
#include "lib/limits.h"
#include "lib/log.h"
#include "lib/own.h"
#include "lib/xalloc.h"
#include "vm/bench.h"
#include "vm/hyper.h"
#include "vm/kvm.h"
#include "vm/pool.h"
#include "vm/shadow.h"
#include "vm/tun.h"

#include <errno.h>
#include <sys/stat.h>

#define FILE_BYTES_MAX ((uint64_t)32 * GIB)
#define OPEN_RETRY_S   3

struct vm {
	struct program program;
	struct pool pool;
	struct hyper *hyper;
	pthread_t starter;
	char *dir;  /* STATE/vm */
	char *root; /* of the embedded driver */
	char *quarantine;
	char *accel;
	const char *uri;
	char versions[256];
};

static struct vm vm;

static void
on_bad_profile(const char *name, const char *why)
{
	log_line(LOG_WARN,
	    "msg=\"guest image left out\" image=\"%s\" "
	    "reason=\"%s\"",
	    name, why);
}

/* A guest did something: its slot looks. */
static void
on_changed(void *arg, size_t slot)
{
	struct vm *v = arg;

	if (slot < v->pool.slots && v->pool.workers[slot].slot.wake_fd > 0)
		slot_wake(&v->pool.workers[slot].slot);
}

/* --- the start that takes time, in a thread of its own --- */

static void
choose_accel(struct vm *v)
{
	auto_free char *cache = xasprintf("%s/kvm.cache", v->dir);
	const char *kernel = "";

	for (size_t i = 0; i < v->pool.profile_count && kernel[0] == '\0'; i++)
		kernel = v->pool.profiles[i].kernel;
	if (strcmp(v->accel, "tcg") == 0 || kernel[0] == '\0') {
		(void)snprintf(v->pool.accel_why, sizeof(v->pool.accel_why),
		    "%s",
		    kernel[0] == '\0' ? "no guest image to try KVM with"
				      : "configured");
		return;
	}
	v->pool.is_kvm = kvm_works(kernel, cache, v->pool.accel_why);
	log_line(LOG_INFO,
	    "msg=\"acceleration chosen\" accel=%s "
	    "reason=\"%s\"",
	    v->pool.is_kvm ? "kvm" : "tcg", v->pool.accel_why);
	if (!v->pool.is_kvm && strcmp(v->accel, "kvm") == 0)
		log_line(LOG_WARN,
		    "msg=\"KVM was asked for and does not work here\"");
}

static void
open_hypervisor(struct vm *v)
{
	const struct hyper_conf conf = {
	    .uri = v->uri,
	    .root = v->root,
	    .changed = on_changed,
	    .arg = v,
	};
	char why[DRIVER_WHY_BYTES];
	size_t swept;

	while (hyper_open(&conf, why, &v->hyper) != ERR_OK) {
		log_line(LOG_ERROR,
		    "msg=\"cannot open libvirt, trying again\" reason=\"%s\"",
		    why);
		(void)sleep(OPEN_RETRY_S);
	}
	swept = hyper_sweep(v->hyper);
	if (swept > 0)
		log_line(LOG_WARN,
		    "msg=\"destroyed machines of a dead predecessor\" "
		    "count=%zu",
		    swept);
}

static void
start_workers(struct vm *v)
{
	struct driver driver = hyper_driver(v->hyper);
	auto_json json_t *versions = hyper_versions(v->hyper);
	auto_free char *text = json_canonical(versions);
	auto_free char *slots = xasprintf("%s/slots", v->dir);

	(void)mkdir(slots, 0700);
	for (size_t i = 0; i < v->pool.slots; i++) {
		struct worker *w = &v->pool.workers[i];
		auto_free char *dir = xasprintf("%s/%zu", slots, i);

		w->quarantine_dir = v->quarantine;
		w->libvirt_root = v->root;
		if (worker_start(w, i, dir, &driver, &v->pool.notes) !=
		    ERR_OK) {
			log_line(LOG_ERROR,
			    "msg=\"cannot start a slot\" folder=\"%s\" "
			    "reason=\"%s\"",
			    dir, strerror(errno));
			v->pool.slots = i;
			break;
		}
		w->slot.machine.is_kvm = v->pool.is_kvm;
		(void)snprintf(
		    w->slot.versions, sizeof(w->slot.versions), "%s", text);
	}
}

static void *
start(void *arg)
{
	struct vm *v = arg;

	choose_accel(v);
	open_hypervisor(v);
	start_workers(v);
	notes_put(&v->pool.notes, note_new(NOTE_PREPARED, 0));
	return NULL;
}

/* --- the program --- */

static void
enter_cage(struct vm *v, const char *image_dir)
{
	const struct cage_path wanted[] = {
	    {v->dir, CAGE_READ_WRITE},
	    {image_dir, CAGE_READ},
	    {"/usr", CAGE_READ_EXEC},
	    {"/lib", CAGE_READ_EXEC},
	    {"/lib64", CAGE_READ_EXEC},
	    {"/bin", CAGE_READ_EXEC},
	    {"/etc", CAGE_READ},
	    {"/proc", CAGE_READ_WRITE},
	    {"/sys", CAGE_READ},
	    {"/dev/null", CAGE_READ_WRITE},
	    {"/dev/zero", CAGE_READ_WRITE},
	    {"/dev/full", CAGE_READ_WRITE},
	    {"/dev/random", CAGE_READ_WRITE},
	    {"/dev/urandom", CAGE_READ_WRITE},
	    {"/dev/ptmx", CAGE_READ_WRITE},
	    {"/dev/kvm", CAGE_READ_WRITE},
	    {"/dev/net/tun", CAGE_READ_WRITE},
	};
	struct cage_path there[sizeof(wanted) / sizeof(wanted[0]) + 1] = {0};
	const struct cage cage = {
	    .name = "vm",
	    .groups = CAGE_ANYTHING,
	    .paths = there,
	    .files_max = 4096,
	    .file_bytes_max = FILE_BYTES_MAX,
	};
	size_t count = 0;

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		if (access(wanted[i].path, F_OK) == 0)
			there[count++] = wanted[i];
	}
	program_enter_cage(&v->program, &cage);
}

static void
on_peer(void *arg, struct chan *chan)
{
	struct vm *v = arg;

	pool_peer(&v->pool, chan);
}

static void
on_stop(void *arg)
{
	struct vm *v = arg;

	log_line(LOG_INFO, "msg=\"stopping the slots\"");
	if (v->pool.is_prepared)
		pool_stop(&v->pool);
	loop_stop(v->program.loop);
}

static void
make_folders(struct vm *v)
{
	auto_free char *tmp = xasprintf("%s/tmp", v->dir);

	(void)mkdir(v->dir, 0700);
	(void)mkdir(tmp, 0700);
	/* libvirt and QEMU look for these; the account's own are none. */
	(void)setenv("HOME", v->dir, 1);
	(void)setenv("TMPDIR", tmp, 1);
	(void)setenv("XDG_RUNTIME_DIR", tmp, 1);
	(void)setenv("XDG_CACHE_HOME", tmp, 1);
	(void)setenv("XDG_CONFIG_HOME", tmp, 1);
	(void)setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
}

static void
configure(struct vm *v)
{
	const char *state_dir = program_conf(&v->program, "state_dir", "");
	int64_t slots = program_conf_int(&v->program, "slots", 1);

	v->dir = xasprintf("%s/vm", state_dir);
	v->root = xasprintf("%s/libvirt", v->dir);
	v->quarantine = xasprintf("%s/quarantine", v->dir);
	v->accel = xstrdup(program_conf(&v->program, "accel", "auto"));
	v->uri = program_conf(&v->program, "libvirt_uri", "");
	/* Without a root of its own the embedded driver has ours. */
	if (strcmp(v->uri, "qemu:///embed") == 0)
		v->uri = NULL;
	v->pool.slots = slots < 0			 ? 0
			: (size_t)slots > POOL_SLOTS_MAX ? POOL_SLOTS_MAX
							 : (size_t)slots;
}

int
main(int argc, char *argv[])
{
	static const struct program_ops ops = {on_peer, on_stop};
	auto_free char *run_dir = NULL;
	const char *image_dir;

	if (argc > 1)
		return bench_main(argc, argv);
	program_start(&vm.program, ROLE_VM, "loep-vm");
	configure(&vm);
	make_folders(&vm);
	if (tun_use(program_conf(&vm.program, "tun_device", "")) != ERR_OK) {
		log_line(LOG_ERROR,
		    "msg=\"cannot take a tun device of our own\" "
		    "reason=\"%s\"",
		    strerror(errno));
		return 71;
	}
	image_dir = program_conf(&vm.program, "image_dir", "");
	vm.pool.image_dir = image_dir;
	vm.pool.on_bad = on_bad_profile;
	pool_find_profiles(&vm.pool);
	enter_cage(&vm, image_dir);
	run_dir = xasprintf("%s/run/qemu", vm.root);
	if (shadow_start(run_dir) != ERR_OK) {
		log_line(LOG_ERROR, "msg=\"cannot start the shadow\"");
		return 71;
	}
	pool_init(&vm.pool, &vm.program);
	if (pthread_create(&vm.starter, NULL, start, &vm) != 0) {
		log_line(LOG_ERROR, "msg=\"cannot start a thread\"");
		return 71;
	}
	program_run(&vm.program, &ops, &vm);
	return 0;
}
