/** Wires the page of deletions: times in the reader's own zone. */

import { localiseTimes } from "../shared/local_times.js";

localiseTimes(document);
