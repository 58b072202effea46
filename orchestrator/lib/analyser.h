/* SPDX-License-Identifier: Apache-2.0 */
/*
 * analyser.h - the frame of every analyser program.
 *
 * An analyser is started once by loepd, loads its trusted data (magic, rules),
 * enters its cage, and then forks one child per artefact, or per pack of small
 * artefacts of one organisation (lib/pack.h).  The child drops even fork,
 * reads the artefacts (struct input), writes records, and ends.
 * The parent half keeps each child's deadline (pidfd, SIGKILL) and memory,
 * and tells the scheduler how it ended.
 *
 *	int main(void) { return analyser_main(&yara_analyser); }
 *
 * For tests and for people, every analyser also runs by itself, in the same
 * cage and through the same child, without loepd:
 *
 *	loep-NAME --file PATH [--context JSON] [--conf KEY=VALUE]...
 *	    [--seconds N] [--memory-mib N] [--data]
 *
 * prints one JSON object a record on standard output ({"type": "fact", ...};
 * DATA only as its length, with --data also as hexadecimal "bytes"), and last
 * {"type": "end", "end": "done" | "crashed" | ..., "code", "peak_kib",
 * "cpu_us"}.  The exit status is 0 when end is "done" and every record valid.
 */
#ifndef LIB_ANALYSER_H
#define LIB_ANALYSER_H

#include "lib/analyser_exit.h"
#include "lib/cage.h"
#include "lib/digest.h"
#include "lib/input.h"
#include "lib/json.h"
#include "lib/program.h"
#include "lib/record.h"

/* One artefact, in the child. */
struct analysis {
	struct input *input;
	struct record_out *out;
	/* What the scheduler says of it: name, name_hex, mime, magic, depth,
	 * relation, passwords (list), limits (object) ...  Trusted. */
	const json_t *context;
	void *data; /* what load() made */
};

/* Rules that an analyser is sent; the descriptor is sealed memory. */
struct analyser_rules {
	uint64_t number;
	char digest[SHA256_HEX_BYTES];
	int units_fd;
};

struct analyser {
	const char *name;
	/* The child's cage, without CAGE_FORK: the frame adds that for the
	 * parent half, whose CPU time is not bounded. */
	const struct cage *cage;
	/* analyse() calls input_fd(): the child of a pack gets scratch memory
	 * for it, as descriptor 5. */
	bool wants_files;
	/* Before the cage: load trusted data.  Exits on failure.  May keep
	 * descriptors open that the parent half (info) needs later; children
	 * have none but 0 to 5. */
	void *(*load)(struct program *program);
	/* What runs: engine and its version, JSON about rules; for the report. */
	void (*info)(
	    void *data, char *engine, size_t engine_size, json_t **ret_detail);
	/* In the child; once per item of a pack, so that nothing may be left
	 * over in static state.  Writes records; DONE is written by the frame when it
	 * returns ERR_OK.  ERR_FORMAT etc. should have been explained by an
	 * ERROR or LIMIT record; the run then is partial. */
	int (*analyse)(struct analysis *analysis);
	/* Other rules from now on (message RULESET), in the parent half and
	 * its cage; fd (sealed memory) stays the caller's.  Children that run
	 * keep theirs.  ERR_OK, or nothing changed; why says what was set
	 * aside, or what is wrong.  NULL: it has no rules. */
	int (*ruleset)(void *data, uint64_t number, const char *digest, int fd,
	    char *why, size_t why_size);
	/* The same for rules that take long to compile, in the place of
	 * ruleset(): compile() in a caged child, which writes an image into
	 * memory, while the rules from before hold; then adopt() in the parent
	 * half.  An image that was kept from another time is tried first;
	 * where adopt() refuses that, compile() makes another. */
	int (*compile)(
	    void *data, int units_fd, int image_fd, char *why, size_t why_size);
	int (*adopt)(void *data, const struct analyser_rules *rules,
	    int image_fd, char *why, size_t why_size);
};

int analyser_main(const struct analyser *analyser);

#endif
