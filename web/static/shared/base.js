/**
 * What every address of this server begins with: empty, or as in `/interviews` when it runs below a path; with the server's
 * origin in front where another site's page has loaded these scripts. They know it from where they came from.
 */

const here = new URL("../..", import.meta.url);

export const BASE = `${here.origin === location.origin ? "" : here.origin}${here.pathname.replace(/\/$/, "")}`;
