/* The versions that are on this host, the newest first: [name, address from the top of this one]. Releases add a line. */
const VERSIONS = [["0.2.0", "."]];
