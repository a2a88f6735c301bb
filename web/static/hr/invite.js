/** Tells the server with an invitation where the reader is, so that the last day of the link ends when theirs does. */

const zone = document.querySelector('#invite input[name="zone"]');
if (zone instanceof HTMLInputElement) zone.value = new Intl.DateTimeFormat().resolvedOptions().timeZone;
