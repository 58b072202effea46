/* SPDX-License-Identifier: Apache-2.0 */
/* limits.h - every bound of Loep, one sentence each. */
#ifndef LIB_LIMITS_H
#define LIB_LIMITS_H

#define KIB ((size_t)1024)
#define MIB (KIB * 1024)
#define GIB (MIB * 1024)

/* Messages between programs. */

/* One SEQPACKET message, header included. */
#define LIMIT_MSG_BYTES ((size_t)65536)
/* Bytes that may wait on one channel before its reader counts as stuck. */
#define LIMIT_CHAN_QUEUE_BYTES (16 * MIB)
/* Values in one call or one row. */
#define LIMIT_VALUES ((size_t)64)
/* Calls that one channel may have open at a time. */
#define LIMIT_CALLS_OPEN ((size_t)4096)
/* Rows that one read may return; pages are shorter. */
#define LIMIT_ROWS ((size_t)1000)

/* Names and texts. */

/* A text field that a person typed. */
#define LIMIT_TEXT_BYTES (8 * KIB)
/* A JSON document that is sent as one parameter (type j of call.def). */
#define LIMIT_DOCUMENT_BYTES (LIMIT_MSG_BYTES / 2)
/* A file name as it came, in bytes (POSIX PATH_MAX). */
#define LIMIT_NAME_BYTES ((size_t)4096)
/* One configuration file. */
#define LIMIT_CONF_BYTES (256 * KIB)

/* Records of analysers. */

/* The JSON body of one record. */
#define LIMIT_RECORD_BYTES (48 * KIB)
/* How deep the JSON of a record may nest. */
#define LIMIT_RECORD_DEPTH ((size_t)8)
/* Findings of one analyser run; more are counted, not kept. */
#define LIMIT_FINDINGS ((size_t)10000)
/* Bytes of one DATA frame. */
#define LIMIT_DATA_BYTES (64 * KIB)

/* Rule sets. */

/* Time to compile and try the rules of one version, each by itself. */
#define LIMIT_RULES_SECONDS 900
/* A rule that takes longer for the trial of 1 MiB is slow: it is scanned with
 * apart from the others. */
#define LIMIT_RULE_SLOW_MS 100
/* Rules of one version, those included that are set aside. */
#define LIMIT_RULES ((size_t)200000)
/* Compile units of one version together. */
#define LIMIT_RULE_TEXT_BYTES (512 * MIB)
/* Rules on their way to the store in one call: one unit of the largest kind,
   or many. */
#define LIMIT_RULE_BATCH_BYTES (17 * MIB)

/* Triage. */

/* Levels of artefacts inside artefacts. */
#define LIMIT_DEPTH 8
/* Children of one artefact. */
#define LIMIT_CHILDREN ((size_t)10000)
/* Bytes unpacked for each byte of the container. */
#define LIMIT_EXPANSION_RATIO 200
/* Unpacked bytes that are always allowed, whatever the ratio. */
#define LIMIT_EXPANSION_FLOOR_BYTES (64 * MIB)
/* Bytes unpacked from one submission. */
#define LIMIT_SUBMISSION_BYTES ((uint64_t)256 * GIB)
/* One file. */
#define LIMIT_FILE_BYTES ((int64_t)1 << 40)
/* Artefacts that one submission comes to, those inside of others included. */
#define LIMIT_SUBMISSION_ARTEFACTS 100000
/* The size up to which an analyser gets its input as sealed memory. */
#define LIMIT_MEMFD_BYTES (256 * MIB)
/* Address space of an analyser's child process. */
#define LIMIT_ANALYSER_MEMORY_BYTES (4 * GIB)
/* Wall-clock time of an analyser for one artefact. */
#define LIMIT_ANALYSER_SECONDS 120

/* Jobs. */

/* A lease without a heartbeat ends after this. */
#define LIMIT_LEASE_SECONDS 60
/* Attempts before a job is parked. */
#define LIMIT_ATTEMPTS 3

/* Detonation. */

/* Runs that one submission gets by itself; people may ask for more. */
#define LIMIT_DETONATIONS ((uint64_t)16)
/* What a guest may send in one run, of all kinds together. */
#define LIMIT_TRACE_BYTES (512 * MIB)
/* The packet capture of one run. */
#define LIMIT_PCAP_BYTES (256 * MIB)
/* The time that a sample gets when nobody says otherwise. */
#define LIMIT_RUN_SECONDS 60
/* The longest time that one may ask for. */
#define LIMIT_RUN_SECONDS_MAX 3600

#endif
