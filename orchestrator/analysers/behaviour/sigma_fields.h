/* SPDX-License-Identifier: Apache-2.0 */
/* sigma_fields.h - an event in the vocabulary of Sigma rules. */
#ifndef BEHAVIOUR_SIGMA_FIELDS_H
#define BEHAVIOUR_SIGMA_FIELDS_H

#include "analysers/behaviour/behaviour.h"

/*
 * The body of an EVENT record: time_us, class (Sigma's category where it has
 * one: process_creation, file_event, file_delete, file_rename, file_change,
 * network_connection, dns_query, process_access; else our own name) and
 * Sigma's field names.  New reference.
 */
json_t *sigma_fields(const struct event *event);

#endif
