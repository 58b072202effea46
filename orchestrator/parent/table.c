/* SPDX-License-Identifier: Apache-2.0 */
/* table.c - the fixed list of programs, and who is wired to whom. */
#include "parent/table.h"

/* A program that is not in this list is never started. */
const struct table_program table_programs[] = {
    {"loep-vault", ROLE_VAULT, "", "vault", "loep-vault", false, 4},
    {"loep-store", ROLE_STORE, "", "store", "loep-store", false, 3},
    {"loep-identify", ROLE_ANALYSER, "identify", "identify", "loep-analyser",
	false, 2},
    {"loep-yara", ROLE_ANALYSER, "yara", "yara", "loep-analyser", false, 2},
    {"loep-hunt", ROLE_ANALYSER, "hunt", "hunt", "loep-analyser", false, 2},
    {"loep-archive", ROLE_ANALYSER, "archive", "archive", "loep-analyser",
	false, 2},
    {"loep-behaviour", ROLE_ANALYSER, "behaviour", "behaviour", "loep-analyser",
	false, 2},
    {"loep-rules", ROLE_ANALYSER, "rules", "rules", "loep-analyser", false, 1},
    {"loep-report", ROLE_ANALYSER, "report", "report", "loep-analyser", false,
	2},
    {"loep-grams", ROLE_ANALYSER, "grams", "grams", "loep-analyser", false, 2},
    {"loep-index", ROLE_INDEX, "", "index", "loep-index", false, 2},
    {"loep-simnet", ROLE_SIMNET, "", "simnet", "loep-vm", true, 2},
    {"loep-vm", ROLE_VM, "", "vm", "loep-vm", true, 1},
    {"loep-mail", ROLE_MAIL, "", "mail", "loep-mail", false, 1},
    {"loep-oidc", ROLE_OIDC, "", "oidc", "loep-oidc", false, 1},
    {"loep-hook", ROLE_HOOK, "", "hook", "loep-hook", false, 1},
    {"loep-syslog", ROLE_SYSLOG, "", "syslog", "loep-syslog", false, 1},
    {"loep-pgp", ROLE_PGP, "", "pgp", "loep-pgp", false, 2},
    {"loep-sched", ROLE_SCHED, "", "sched", "loep-sched", false, 1},
    {"loep-web", ROLE_WEB, "", "web", "loep-web", false, 0},
};
const size_t table_program_count =
    sizeof(table_programs) / sizeof(table_programs[0]);

const struct table_wire table_wires[] = {
    {ROLE_VAULT, NULL, ROLE_STORE},
    {ROLE_WEB, NULL, ROLE_STORE},
    {ROLE_SCHED, NULL, ROLE_STORE},
    {ROLE_MAIL, NULL, ROLE_STORE},
    {ROLE_OIDC, NULL, ROLE_STORE},
    {ROLE_HOOK, NULL, ROLE_STORE},
    {ROLE_SYSLOG, NULL, ROLE_STORE},
    {ROLE_PGP, NULL, ROLE_STORE},
    {ROLE_PGP, NULL, ROLE_SCHED},
    {ROLE_PGP, NULL, ROLE_MAIL},
    {ROLE_ANALYSER, NULL, ROLE_SCHED},
    {ROLE_INDEX, NULL, ROLE_SCHED},
    {ROLE_VM, NULL, ROLE_SCHED},
    {ROLE_SIMNET, NULL, ROLE_VM},
};
const size_t table_wire_count = sizeof(table_wires) / sizeof(table_wires[0]);
