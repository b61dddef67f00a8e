import { constants } from "node:fs";

/** Windows has no such flag, and needs a privilege to make links. */
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;
/** How files of the data folder are opened: a link in it, which a repository can bring along, never leads out of it. */
export const APPEND = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | NO_FOLLOW;
export const READ_APPEND = constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | NO_FOLLOW;
export const REPLACE = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | NO_FOLLOW;
