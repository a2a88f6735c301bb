/**
 * What every path of this server begins with: empty, or as in `/interviews` when it runs below a path. Scripts know it
 * from where they were loaded from.
 */
export const BASE = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");
