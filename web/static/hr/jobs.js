/** Wires the list of jobs: dates as the reader writes them. */

import { localiseTimes } from "../shared/local_times.js";

localiseTimes(document);
