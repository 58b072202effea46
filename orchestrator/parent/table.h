/* SPDX-License-Identifier: Apache-2.0 */
/* table.h - the fixed list of programs, and who is wired to whom. */
#ifndef PARENT_TABLE_H
#define PARENT_TABLE_H

#include "lib/proto.h"

#include <stdbool.h>
#include <stddef.h>

struct table_program {
	const char *binary; /* file name in the programs' folder */
	enum role role;
	const char *instance; /* "" where there is only one of the role */
	const char *section;  /* of the configuration */
	const char *user;     /* system user where started as root */
	bool is_in_netns;     /* the namespace of the VMs */
	int stop_phase;	      /* 0 is stopped first */
};

struct table_wire {
	enum role a;
	const char *a_instance; /* NULL = each instance of the role */
	enum role b;
};

extern const struct table_program table_programs[];
extern const size_t table_program_count;
extern const struct table_wire table_wires[];
extern const size_t table_wire_count;

#endif
