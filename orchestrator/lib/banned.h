/* SPDX-License-Identifier: Apache-2.0 */
/*
 * banned.h - functions that make mistakes easy do not compile here.
 * Included by the compiler's command line before everything else.
 */
#ifndef LIB_BANNED_H
#define LIB_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Macros of glibc where the compiler has no __builtin_va_arg_pack (clang). */
#undef sprintf
#undef vsprintf
#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf gets
#pragma GCC poison strtok atoi atol atof gmtime localtime ctime asctime

#endif
