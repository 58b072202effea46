/* SPDX-License-Identifier: Apache-2.0 */
/* configure.h - what each program is told, and how it is started. */
#ifndef PARENT_CONFIGURE_H
#define PARENT_CONFIGURE_H

#include "lib/chan.h"
#include "parent/child.h"

/* False where the configuration leaves the program out (VMs are off). */
bool configure_is_wanted(
    const struct family_conf *conf, const struct table_program *program);
/* Starts the program with its user, folder and namespaces. */
int must_check configure_spawn(const struct family_conf *conf,
    const struct table_program *program, int channel, pid_t *ret_pid,
    int *ret_pidfd);
/* Sends CONF of the program's section, its descriptors, and CONF_END. */
void configure_send(const struct family_conf *conf,
    const struct table_program *program, struct chan *chan);

#endif
