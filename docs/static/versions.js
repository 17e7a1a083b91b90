/* The versions whose sites stand beside one another, in folders of these names, the newest first. A release adds its own,
   and this file goes into `_static` of the others, too. */
const VERSIONS = ["0.2.0"];
