/**
 * The last script of every page: those before it have taken hold of their buttons. Until then base.css lets no click fall on
 * a button that does nothing yet.
 */

document.documentElement.dataset.ready = "";
