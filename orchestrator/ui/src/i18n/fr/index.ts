// SPDX-License-Identifier: Apache-2.0
import type { Dictionary } from '../index.js';
import { analyst } from './analyst.js';
import { common } from './common.js';
import { operator } from './operator.js';
import { share } from './share.js';

export const fr: Dictionary = { ...common, ...operator, ...analyst, ...share };
