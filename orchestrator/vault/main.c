/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loep-vault - keeps the keys and the blobs.
 *
 * Reads:  messages of the store on its channel; uploads from pipes that it
 *	   made; its own folder STATE/vault.
 * Writes: STATE/vault, and blobs' plain bytes into sealed memory, pipes and
 *	   range sockets that the store passes on.
 * Trusts: its keys and its configuration.  Not what the store asks for beyond
 *	   its shape, not one byte of an upload, and no stored file before its
 *	   seal has opened.
 * Ends:   when the parent says STOP or ends.  Uploads that were open are
 *	   lost, and swept at the next start; a blob that was reported as
 *	   stored is on the disk.
 */
#include "vault/serve.h"
#include "vault/setup.h"

#include "lib/log.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <malloc.h>
#include <signal.h>
#include <sys/stat.h>

#define VAULT_MEMORY_BYTES_MAX ((uint64_t)4 * GIB)
/* Per upload a pipe and a file, per feed two, and keys and sockets. */
#define VAULT_FILES_MAX 4096
/* A predecessor that was killed may take a moment to let go. */
#define LOCK_TRIES   20
#define LOCK_WAIT_US 100000

static void
enter_cage(struct program *program, const struct place *place)
{
	const struct cage_path paths[] = {
	    {place->path, CAGE_READ_WRITE},
	    {NULL, CAGE_READ},
	};
	const struct cage cage = {
	    .name = "vault",
	    .groups = CAGE_FILES | CAGE_MEMFD | CAGE_THREADS,
	    .paths = paths,
	    .memory_bytes_max = VAULT_MEMORY_BYTES_MAX,
	    .files_max = VAULT_FILES_MAX,
	};

	program_enter_cage(program, &cage);
}

/* Lets OpenSSL read its configuration while it still may. */
static void
warm_up(const struct keys *keys)
{
	uint8_t signature[SIGN_BYTES];
	uint8_t digest[SHA256_BYTES];

	sha256_once("", 0, digest);
	if (keys_sign(keys, digest, sizeof(digest), signature) != ERR_OK ||
	    !sign_is_valid(
		keys_public(keys), digest, sizeof(digest), signature)) {
		log_line(LOG_ERROR, "msg=\"refusing to start\" "
				    "reason=\"the signing key does not work\"");
		exit(78);
	}
}

__attribute__((noreturn)) static void
refuse(const struct fault *fault)
{
	log_line(
	    LOG_ERROR, "msg=\"refusing to start\" reason=\"%s\"", fault->why);
	exit(78);
}

static int
serve(void)
{
	static struct program program;
	static const struct program_ops ops = {.peer = serve_peer};
	struct place *place = NULL;
	struct keys *keys = NULL;
	struct fault fault;
	int tries = 0;

	program_start(&program, ROLE_VAULT, "loep-vault");
	(void)signal(SIGXFSZ, SIG_IGN);
	(void)umask(077);
	/* Buffers of a MiB come and go: a few heaps, not one per thread. */
	(void)mallopt(M_ARENA_MAX, 2);
	if (place_open(program_conf(&program, "state_dir", "."), &fault,
		&place) != ERR_OK)
		refuse(&fault);
	while (place_lock(place, &fault) != ERR_OK) {
		if (++tries == LOCK_TRIES)
			refuse(&fault);
		(void)usleep(LOCK_WAIT_US);
	}
	if (keys_open(place, &fault, &keys) != ERR_OK)
		refuse(&fault);
	warm_up(keys);
	enter_cage(&program, place);
	place_sweep(place);
	program_run(&program, &ops, serve_new(&program, place, keys));
	/* The worker threads are still there: nothing is freed under them. */
	_exit(0);
}

int
main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "--init") == 0)
		return setup_init(argv[2]);
	if (argc == 3 && strcmp(argv[1], "--check") == 0) {
		int status = setup_check(argv[2]);

		/* Leak checkers cannot look into a cage: no exit handlers. */
		(void)fflush(stdout);
		_exit(status);
	}
	if (argc == 1)
		return serve();
	(void)fprintf(stderr,
	    "usage: loep-vault --init STATE    make a vault and its keys\n"
	    "       loep-vault --check STATE   read every blob, name damaged "
	    "ones\n"
	    "otherwise it is started by loepd\n");
	return 2;
}
