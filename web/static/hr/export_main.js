/** Wires what can be downloaded on Interview Results. */

import { Mp4 } from "./export.js";

new Mp4(document).start();
