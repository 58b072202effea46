/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unseal.h - jobs of an opened seal (store/unseal.h): their input is decrypted
 * by loep-pgp into sealed memory for one analyser, and what comes out of it is
 * encrypted by loep-pgp on its way into the vault.
 *
 * Plain bytes are in that memory, in pipes, and in the analyser's child: no
 * file, no row, no line of a log has them.
 */
#ifndef SCHED_UNSEAL_H
#define SCHED_UNSEAL_H

#include "sched/job.h"

#include "lib/openpgp.h"

struct output_spec;
struct triage;

/* Is it a job that sees what is sealed? */
bool unseal_is_kind(const char *kind);
/* The analyser that works on jobs of this kind: mostly of the same name. */
const char *unseal_analyser(const char *kind);
/* Takes the channel of loep-pgp, which has come. */
void unseal_attach(struct sched *sched, struct chan *chan);
/* Adds the kinds that can be served now to a comma-separated list. */
void unseal_kinds(struct sched *sched, char *dst, size_t size);

/*
 * Has the triage's input decrypted; fd is taken.  Goes on with
 * triage_opened(), or ends the job.
 */
void unseal_open(struct triage *t, int fd);

/*
 * Encrypts what comes out of a pipe, whose end to write into is *ret_fd, to
 * the service's own key, into to_fd (taken).  done hears how many bytes that
 * were.  ERR_SYS: no pipe; to_fd is closed.
 */
int must_check unseal_seal(struct sched *sched, int to_fd, pgp_done_fn *done,
    void *arg, int *ret_fd, uint32_t *ret_question);
/*
 * What a child is called when it is stored: nothing of it comes from what was
 * sealed.
 */
void unseal_neutral(
    struct output_spec *spec, size_t number, char *name, size_t name_size);

#endif
